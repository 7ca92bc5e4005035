/** Scrolling by touch, row by row: through the scrollback, or as the wheel for a program that has the whole screen. */
import type { Terminal } from "@xterm/xterm";
import type { Point, TouchActions } from "./touch.ts";

export function touchScroll(terminal: Terminal, host: HTMLElement): TouchActions["onScroll"] {
  /** Movement that does not make a row yet, in CSS pixels; down is positive. */
  let restPx = 0;

  return (deltaPx, at) => {
    const screen = host.querySelector(".xterm-screen") ?? host;
    const rowPx = screen.clientHeight / terminal.rows;
    restPx += deltaPx;
    const rows = Math.trunc(restPx / rowPx);
    restPx -= rows * rowPx;
    const isProgramScrolling =
      terminal.modes.mouseTrackingMode !== "none" || terminal.buffer.active.type === "alternate";
    if (isProgramScrolling) turnWheel(screen, -rows, at);
    else terminal.scrollLines(-rows);
  };
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
