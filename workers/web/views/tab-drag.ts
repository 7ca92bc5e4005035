/**
 * A tab held by a finger is lifted: dragged along its row it goes to another place, let go where it was it opens its
 * menu. Before that the finger scrolls the row, and a mouse or a key asks for the menu by what they have for it.
 */

export interface TabDragOptions {
  /** The row: its children are the tabs, in order. */
  list: HTMLElement;
  onMenu(): void;
  /** So many places further on, never none. */
  onDrop(by: number): void;
}

const holdMs = 500;
const stillPx = 10;
/** Where the row is longer than its place, it scrolls under a finger that is so near to an end. */
const edgePx = 40;
const edgeStepPx = 12;

export function followTabDrag(tab: HTMLElement, { list, onMenu, onDrop }: TabDragOptions): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let begunX = 0;
  let begunY = 0;
  let begunScroll = 0;
  let isLifted = false;
  let hasMoved = false;

  function lift(): void {
    clearTimeout(timer);
    if (isLifted) return;
    isLifted = true;
    hasMoved = false;
    begunScroll = list.scrollLeft;
    tab.toggleAttribute("data-lifted", true);
    navigator.vibrate?.(10);
  }

  function begin({ touches }: TouchEvent): void {
    clearTimeout(timer);
    if (isLifted) letGo();
    const touch = touches[0];
    if (touch === undefined || touches.length > 1) return;
    begunX = touch.clientX;
    begunY = touch.clientY;
    timer = setTimeout(lift, holdMs);
  }

  function move(event: TouchEvent): void {
    const { clientX = begunX, clientY = begunY } = event.touches[0] ?? {};
    const isStill = Math.hypot(clientX - begunX, clientY - begunY) <= stillPx;
    if (!isLifted && !isStill) clearTimeout(timer);
    if (!isLifted) return;
    // Else the browser would scroll the row.
    event.preventDefault();
    hasMoved ||= !isStill;
    if (hasMoved) drag(clientX);
  }

  function drag(x: number): void {
    const { left, right } = list.getBoundingClientRect();
    if (x < left + edgePx) list.scrollBy(-edgeStepPx, 0);
    if (x > right - edgePx) list.scrollBy(edgeStepPx, 0);
    const movedPx = withinRow(x - begunX + list.scrollLeft - begunScroll);
    tab.style.transform = `translateX(${movedPx}px)`;
    makeRoom(places(movedPx));
  }

  /** Past its ends the row would grow, and scroll on and on. */
  function withinRow(movedPx: number): number {
    const all = tabs();
    const [first = tab, last = tab] = [all[0], all.at(-1)];
    const most = last.offsetLeft + last.offsetWidth - tab.offsetLeft - tab.offsetWidth;
    return Math.min(most, Math.max(first.offsetLeft - tab.offsetLeft, movedPx));
  }

  /** How many neighbours' middles it was dragged past. */
  function places(movedPx: number): number {
    const middle = (one: HTMLElement) => one.offsetLeft + one.offsetWidth / 2;
    const others = tabs().filter((one) => one !== tab);
    const before = (x: number) => others.filter((one) => middle(one) < x).length;
    const edge = movedPx > 0 ? tab.offsetWidth / 2 : -tab.offsetWidth / 2;
    return before(middle(tab) + movedPx + edge) - before(middle(tab));
  }

  function makeRoom(by: number): void {
    const from = tabs().indexOf(tab);
    for (const [index, one] of tabs().entries()) {
      if (one === tab) continue;
      const isPassed = by > 0 ? index > from && index <= from + by : index < from && index >= from + by;
      one.style.transform = isPassed ? `translateX(${-Math.sign(by) * tab.offsetWidth}px)` : "";
    }
  }

  function end(event: TouchEvent): void {
    clearTimeout(timer);
    if (!isLifted) return;
    // Its click would select the tab.
    event.preventDefault();
    const by = hasMoved ? places(new DOMMatrix(tab.style.transform).e) : 0;
    letGo();
    if (!hasMoved) onMenu();
    else if (by !== 0) onDrop(by);
  }

  function letGo(): void {
    isLifted = false;
    tab.toggleAttribute("data-lifted", false);
    for (const one of tabs()) one.style.transform = "";
  }

  const tabs = () => [...list.children].filter((one) => one instanceof HTMLElement);

  tab.addEventListener("touchstart", begin, { passive: true });
  tab.addEventListener("touchmove", move, { passive: false });
  tab.addEventListener("touchend", end, { passive: false });
  tab.addEventListener("touchcancel", () => {
    clearTimeout(timer);
    if (isLifted) letGo();
  });
  tab.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    // Browsers that have a long press of their own tell it so.
    if (event instanceof PointerEvent && event.pointerType === "touch") lift();
    else onMenu();
  });
}
