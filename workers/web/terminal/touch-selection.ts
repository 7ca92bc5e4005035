/** Selecting by touch: a long press takes the word under the finger, moving on extends it cell by cell. */
import type { Terminal } from "@xterm/xterm";
import type { Point, TouchActions } from "./touch.ts";

/** A cell by its offset in the buffer, counted through all its lines. */
type Offset = number;

export function touchSelection(terminal: Terminal, host: HTMLElement): Pick<TouchActions, "onHold" | "onHoldMove"> {
  let word: { first: Offset; last: Offset } | null = null;

  function offsetAt({ x, y }: Point): Offset {
    const box = (host.querySelector(".xterm-screen") ?? host).getBoundingClientRect();
    const column = clamp(Math.floor(((x - box.left) / box.width) * terminal.cols), terminal.cols);
    const row = clamp(Math.floor(((y - box.top) / box.height) * terminal.rows), terminal.rows);
    return (terminal.buffer.active.viewportY + row) * terminal.cols + column;
  }

  function wordAt(offset: Offset): { first: Offset; last: Offset } {
    const row = Math.floor(offset / terminal.cols);
    const text = terminal.buffer.active.getLine(row)?.translateToString(false) ?? "";
    const column = offset % terminal.cols;
    const before = /\S*$/.exec(text.slice(0, column))?.[0].length ?? 0;
    const after = /^\S*/.exec(text.slice(column))?.[0].length ?? 0;
    return { first: offset - before, last: offset + Math.max(0, after - 1) };
  }

  function select(first: Offset, last: Offset): void {
    terminal.select(first % terminal.cols, Math.floor(first / terminal.cols), last - first + 1);
  }

  return {
    onHold(at) {
      word = wordAt(offsetAt(at));
      select(word.first, word.last);
      navigator.vibrate?.(10);
    },
    onHoldMove(at) {
      if (word === null) return;
      const offset = offsetAt(at);
      select(Math.min(word.first, offset), Math.max(word.last, offset));
    },
  };
}

function clamp(index: number, count: number): number {
  return Math.min(count - 1, Math.max(0, index));
}
