/**
 * The size of the terminal on the page. Its own is what fits at the preferred font; where the terminal's size belongs
 * to somebody else, what does not fit is reached by dragging it about and by pinching it smaller.
 */
import type { FitAddon } from "@xterm/addon-fit";
import type { Terminal } from "@xterm/xterm";
import type { Point } from "./touch.ts";

export interface Cells {
  cols: number;
  rows: number;
}

export interface Sizing {
  /** The size it would have by itself. */
  own(): Cells;
  /** Looks what fits now; to be called when the place or the preferred font has changed. */
  measure(): void;
  prefer(fontSizePx: number): void;
  /** The size the terminal has; null is its own. */
  apply(size: Cells | null): void;
  /** Drags what is larger than its place; answers how much of it is left for others. */
  drag(delta: Point): Point;
  /** Makes the text larger or smaller around a point and drags it along, if the size is somebody else's. */
  pinch(factor: number, delta: Point, at: Point): void;
  /** Brings the cursor into sight from now on, until it is dragged away. */
  follow(): void;
}

export interface SizingOptions {
  terminal: Terminal;
  fit: FitAddon;
  /** What the terminal fills or is dragged about in. */
  host: HTMLElement;
  /** Holds the terminal, inside `host`. */
  stage: HTMLElement;
  fontSizePx: number;
  onOwn(size: Cells): void;
}

const smallestFontPx = 4;
const largestFontPx = 28;
/** What xterm keeps free beside the cells for its scroll bar. */
const scrollBarPx = 14;

export function createSizing({ terminal, fit, host, stage, fontSizePx, onOwn }: SizingOptions): Sizing {
  let preferredPx = fontSizePx;
  let shownPx = fontSizePx;
  let own: Cells = { cols: terminal.cols, rows: terminal.rows };
  let isTold = false;
  let applied: Cells | null = null;
  let pan: Point = { x: 0, y: 0 };
  let isFollowing = true;

  const isForeign = () => applied !== null && (applied.cols !== own.cols || applied.rows !== own.rows);
  const screen = () => stage.querySelector<HTMLElement>(".xterm-screen");

  function show(fontPx: number): void {
    if (terminal.options.fontSize !== fontPx) terminal.options.fontSize = fontPx;
  }

  function measure(): void {
    stage.style.width = stage.style.height = "";
    show(preferredPx);
    const proposed = fit.proposeDimensions();
    show(isForeign() ? shownPx : preferredPx);
    if (proposed !== undefined && Number.isFinite(proposed.cols + proposed.rows)) become(proposed);
    layOut();
  }

  function become({ cols, rows }: Cells): void {
    const isNew = !isTold || cols !== own.cols || rows !== own.rows;
    isTold = true;
    own = { cols, rows };
    if (applied === null) terminal.resize(cols, rows);
    if (isNew) onOwn(own);
  }

  function layOut(): void {
    if (!isForeign()) {
      shownPx = preferredPx;
      show(shownPx);
      isFollowing = true;
    }
    const drawn = screen();
    const isLarger = isForeign() && drawn !== null;
    stage.style.width = isLarger ? `${Math.max(host.clientWidth, drawn.offsetWidth + scrollBarPx)}px` : "";
    stage.style.height = isLarger ? `${Math.max(host.clientHeight, drawn.offsetHeight)}px` : "";
    host.classList.toggle("foreign-size", isForeign());
    move({ x: 0, y: 0 });
  }

  function move(delta: Point): void {
    const leastX = isForeign() ? Math.min(0, host.clientWidth - stage.offsetWidth) : 0;
    const leastY = isForeign() ? Math.min(0, host.clientHeight - stage.offsetHeight) : 0;
    pan = { x: within(leastX, pan.x + delta.x), y: within(leastY, pan.y + delta.y) };
    stage.style.transform = pan.x === 0 && pan.y === 0 ? "" : `translate(${pan.x}px, ${pan.y}px)`;
  }

  /** Smaller than what shows all of it, text is only harder to read. */
  function smallestPx(): number {
    const drawn = screen();
    if (drawn === null) return smallestFontPx;
    const widthShare = (host.clientWidth - scrollBarPx) / drawn.offsetWidth;
    const fittingPx = shownPx * Math.min(widthShare, host.clientHeight / drawn.offsetHeight);
    return Math.max(smallestFontPx, Math.min(preferredPx, fittingPx));
  }

  function reveal(): void {
    const drawn = screen();
    if (!isFollowing || !isForeign() || drawn === null) return;
    const cell = { x: drawn.offsetWidth / terminal.cols, y: drawn.offsetHeight / terminal.rows };
    const { cursorX, cursorY } = terminal.buffer.active;
    move({
      x: intoSight(cursorX * cell.x + pan.x, cell.x, host.clientWidth),
      y: intoSight(cursorY * cell.y + pan.y, cell.y, host.clientHeight),
    });
  }

  terminal.onCursorMove(reveal);
  return {
    own: () => own,
    measure,
    prefer(nextPx) {
      preferredPx = shownPx = nextPx;
      measure();
    },
    apply(size) {
      applied = size;
      const { cols, rows } = size ?? own;
      if (cols !== terminal.cols || rows !== terminal.rows) terminal.resize(cols, rows);
      layOut();
      reveal();
    },
    drag(delta) {
      const before = pan;
      move(delta);
      if (pan.x !== before.x || pan.y !== before.y) isFollowing = false;
      return { x: delta.x - (pan.x - before.x), y: delta.y - (pan.y - before.y) };
    },
    pinch(factor, delta, at) {
      if (!isForeign()) return;
      isFollowing = false;
      move(delta);
      const box = host.getBoundingClientRect();
      const beforePx = shownPx;
      shownPx = Math.min(largestFontPx, Math.max(smallestPx(), shownPx * factor));
      show(shownPx);
      const share = 1 - shownPx / beforePx;
      layOut();
      // What is under the fingers stays there.
      move({ x: (at.x - box.left - pan.x) * share, y: (at.y - box.top - pan.y) * share });
    },
    follow() {
      isFollowing = true;
      reveal();
    },
  };
}

function within(least: number, value: number): number {
  return Math.min(0, Math.max(least, value));
}

/** How far something has to move to lie within 0 and `length`. */
function intoSight(at: number, size: number, length: number): number {
  if (at < 0) return -at;
  return at + size > length ? length - at - size : 0;
}
