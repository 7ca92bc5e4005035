/**
 * Fingers on the terminal: a drag scrolls and glides on, a long press selects and drags the selection, two fingers
 * pinch. A tap stays a click, which gives xterm the focus.
 */

export interface Point {
  x: number;
  y: number;
}

export interface TouchActions {
  /** Finger movement in CSS pixels, right and down are positive; `isGlide` when the finger has left already. */
  onDrag(delta: Point, at: Point, isGlide: boolean): void;
  /** The finger that dragged has left. */
  onRelease(): void;
  /** The distance of two fingers has changed by this factor, and what is between them by `delta`. */
  onPinch(factor: number, delta: Point, between: Point): void;
  onHold(at: Point): void;
  onHoldMove(at: Point): void;
}

const holdMs = 450;
const slopPx = 9;
/** Share of its speed that a glide keeps each millisecond. */
const glideKeep = 0.996;
const slowestGlide = 0.02;

type Gesture = "none" | "maybe" | "scroll" | "hold" | "pinch";

export function followTouches(element: HTMLElement, actions: TouchActions, signal: AbortSignal): void {
  let gesture: Gesture = "none";
  let start: Point = { x: 0, y: 0 };
  let last: Point = start;
  let lastMs = 0;
  let speed = 0;
  let spreadPx = 0;
  let holdTimer: ReturnType<typeof setTimeout> | undefined;
  let frame = 0;

  function begin(event: TouchEvent): void {
    cancelAnimationFrame(frame);
    clearTimeout(holdTimer);
    if (gesture === "scroll") actions.onRelease();
    gesture = event.touches.length === 1 ? "maybe" : event.touches.length === 2 ? "pinch" : "none";
    spreadPx = spreadOf(event);
    start = last = pointOf(event);
    lastMs = event.timeStamp;
    speed = 0;
    if (gesture === "maybe") holdTimer = setTimeout(hold, holdMs);
  }

  function hold(): void {
    gesture = "hold";
    actions.onHold(start);
  }

  function move(event: TouchEvent): void {
    const point = pointOf(event);
    if (gesture === "maybe" && Math.hypot(point.x - start.x, point.y - start.y) > slopPx) {
      clearTimeout(holdTimer);
      gesture = "scroll";
    }
    if (gesture === "hold") actions.onHoldMove(point);
    if (gesture === "scroll") drag(point, event.timeStamp);
    if (gesture === "pinch") pinch(event);
    if (gesture !== "none" && gesture !== "maybe") event.preventDefault();
  }

  function pinch(event: TouchEvent): void {
    const nextPx = spreadOf(event);
    const between = pointOf(event);
    const delta = { x: between.x - last.x, y: between.y - last.y };
    if (nextPx > 0 && spreadPx > 0) actions.onPinch(nextPx / spreadPx, delta, between);
    spreadPx = nextPx;
    last = between;
  }

  function drag(point: Point, nowMs: number): void {
    const delta = { x: point.x - last.x, y: point.y - last.y };
    speed = delta.y / Math.max(1, nowMs - lastMs);
    last = point;
    lastMs = nowMs;
    actions.onDrag(delta, point, false);
  }

  function end(event: TouchEvent): void {
    clearTimeout(holdTimer);
    if (gesture === "pinch" && event.touches.length === 1) {
      goOn(event);
      return;
    }
    // After a hold the browser would click, which clears the selection.
    if (gesture === "hold") event.preventDefault();
    if (gesture === "scroll") {
      actions.onRelease();
      glide(event.timeStamp);
    }
    gesture = "none";
  }

  /** The finger that is left of two drags. */
  function goOn(event: TouchEvent): void {
    gesture = "scroll";
    last = pointOf(event);
    lastMs = event.timeStamp;
  }

  function glide(fromMs: number): void {
    frame = requestAnimationFrame((nowMs) => {
      const passedMs = Math.max(0, nowMs - fromMs);
      speed *= glideKeep ** passedMs;
      if (Math.abs(speed) < slowestGlide || signal.aborted) return;
      actions.onDrag({ x: 0, y: speed * passedMs }, last, true);
      glide(nowMs);
    });
  }

  const options = { signal, passive: false, capture: true };
  element.addEventListener("touchstart", begin, options);
  element.addEventListener("touchmove", move, options);
  element.addEventListener("touchend", end, options);
  element.addEventListener("touchcancel", end, options);
}

/** Where the finger is, or the middle of two. */
function pointOf({ touches }: TouchEvent): Point {
  const one = touches[0];
  const other = touches[1] ?? one;
  if (one === undefined || other === undefined) return { x: 0, y: 0 };
  return { x: (one.clientX + other.clientX) / 2, y: (one.clientY + other.clientY) / 2 };
}

/** How far two fingers are apart, in CSS pixels. */
function spreadOf({ touches }: TouchEvent): number {
  const [one, other] = touches;
  return one === undefined || other === undefined
    ? 0
    : Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
}
