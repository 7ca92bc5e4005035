/** Scrolling by touch, row by row: through the scrollback, or as the wheel for a program that has the whole screen. */
import type { Terminal } from "@xterm/xterm";
import type { Point } from "./touch.ts";

export interface TouchScroll {
  /** Scrolls by finger movement in CSS pixels, down is positive; false when there is nothing above to show. */
  scroll(deltaPx: number, at: Point): boolean;
}

export function touchScroll(terminal: Terminal, host: HTMLElement): TouchScroll {
  /** Movement that does not make a row yet, in CSS pixels; down is positive. */
  let restPx = 0;

  function scroll(deltaPx: number, at: Point): boolean {
    const screen = host.querySelector(".xterm-screen") ?? host;
    const rowPx = screen.clientHeight / terminal.rows;
    const isProgramScrolling =
      terminal.modes.mouseTrackingMode !== "none" || terminal.buffer.active.type === "alternate";
    const isAtTop = !isProgramScrolling && deltaPx > 0 && terminal.buffer.active.viewportY === 0;
    restPx = isAtTop ? 0 : restPx + deltaPx;
    const rows = Math.trunc(restPx / rowPx);
    restPx -= rows * rowPx;
    if (isProgramScrolling) turnWheel(screen, -rows, at);
    else terminal.scrollLines(-rows);
    return !isAtTop;
  }

  return { scroll };
}

/** One event for each row, as xterm makes one report or one arrow key of each. */
function turnWheel(screen: Element, rows: number, { x, y }: Point): void {
  const init: WheelEventInit = {
    deltaY: Math.sign(rows),
    deltaMode: WheelEvent.DOM_DELTA_LINE,
    clientX: x,
    clientY: y,
    bubbles: true,
    cancelable: true,
  };
  for (let turned = 0; turned < Math.abs(rows); turned += 1) screen.dispatchEvent(new WheelEvent("wheel", init));
}
