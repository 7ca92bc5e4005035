/** A long press by touch, a right click, or the keyboard's menu key: whatever asks for more of a button. */

const longPressMs = 500;
const stillPx = 10;

/** Calls back once for each; the click that would follow a long press does not come. */
export function followLongPress(button: HTMLElement, act: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let begun = { x: 0, y: 0 };
  /** The touch that goes on has had its answer. */
  let isTaken = false;

  function take(): void {
    clearTimeout(timer);
    if (!isTaken) act();
    isTaken = true;
  }

  button.addEventListener("pointerdown", ({ pointerType, clientX, clientY }) => {
    isTaken = false;
    begun = { x: clientX, y: clientY };
    clearTimeout(timer);
    if (pointerType === "touch") timer = setTimeout(take, longPressMs);
  });
  button.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (Math.hypot(clientX - begun.x, clientY - begun.y) > stillPx) clearTimeout(timer);
  });
  for (const end of ["pointerup", "pointercancel"]) button.addEventListener(end, () => clearTimeout(timer));
  // The end of a touch belongs to where it began; its click would go to what has opened under the finger.
  button.addEventListener("touchend", (event) => isTaken && event.preventDefault(), { passive: false });
  button.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    // Browsers that have a long press of their own tell it so.
    const isTouch = event instanceof PointerEvent && event.pointerType === "touch";
    if (isTouch) take();
    else act();
  });
}
