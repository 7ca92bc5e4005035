/** What stood above the screen, in a sheet: text to scroll through, select and copy. Older lines come as they are needed. */
import { copyText } from "../clipboard.ts";
import { el, setText } from "../dom.ts";
import { plainText } from "../terminal/plain-text.ts";
import type { HistoryFrame } from "../terminal/terminal-line.ts";
import { openSheet } from "./sheet.ts";
import { toast } from "./toast.ts";

export interface HistorySheet {
  open(): void;
  take(frame: HistoryFrame): void;
  /** What was asked for last may never be answered. */
  fail(): void;
}

const linesAtOnce = 500;
const nearTopPx = 200;

/** `ask` is false where nobody could be asked. */
export function historySheet(ask: (before: number, lines: number) => boolean): HistorySheet {
  /** The open sheet's; null while it is closed. */
  let pages: Pages | null = null;

  return {
    open() {
      if (pages !== null) return;
      pages = createPages(ask);
      const { list, note } = pages;
      const content = (close: (value: null) => void) => [
        note,
        list,
        el(
          "div",
          { class: "sheet-actions" },
          el("button", { class: "button", type: "button", onclick: () => void copy(list) }, "Copy"),
          el("button", { class: "button primary", type: "button", onclick: () => close(null) }, "Close"),
        ),
      ];
      const closed = openSheet<null>("Earlier lines", content, "history-sheet");
      void closed.then(() => {
        pages = null;
      });
      pages.more();
      list.focus();
    },
    take(frame) {
      pages?.take(frame);
    },
    fail() {
      pages?.fail();
    },
  };
}

/** What is selected, or else everything. */
async function copy(list: HTMLElement): Promise<void> {
  const selected = getSelection()?.toString() ?? "";
  const isCopied = await copyText(selected === "" ? (list.textContent ?? "") : selected);
  toast(isCopied ? "Copied" : "This browser does not let the page copy.");
}

interface Pages {
  list: HTMLElement;
  note: HTMLElement;
  more(): void;
  take(frame: HistoryFrame): void;
  fail(): void;
}

const notNow = "The terminal cannot be asked right now. Scroll to try again.";

function createPages(ask: (before: number, lines: number) => boolean): Pages {
  let count = 0;
  let state: "idle" | "asked" | "ended" = "idle";
  const note = el("p", { class: "history-note", role: "status" });
  const list = el("pre", { class: "history-lines", tabindex: 0, "aria-label": "Earlier lines" });

  function more(): void {
    if (state !== "idle") return;
    const isAsked = ask(count, linesAtOnce);
    if (isAsked) state = "asked";
    setText(note, isAsked ? "Loading…" : notNow);
  }

  function fail(): void {
    if (state !== "asked") return;
    state = "idle";
    setText(note, notNow);
  }

  function take({ before, lines, more: hasMore }: HistoryFrame): void {
    if (state !== "asked" || before !== count) return;
    count += lines.length;
    state = hasMore && lines.length > 0 ? "idle" : "ended";
    setText(note, count === 0 ? "There is nothing above the screen." : state === "ended" ? "" : "Scroll up for more.");
    const fromBottomPx = list.scrollHeight - list.scrollTop;
    list.prepend(lines.map((line) => `${plainText(line)}\n`).join(""));
    // What is being read stays where it is.
    list.scrollTop = list.scrollHeight - fromBottomPx;
  }

  for (const name of ["scroll", "wheel", "touchmove"])
    list.addEventListener(name, () => list.scrollTop < nearTopPx && more(), { passive: true });
  return { list, note, more, take, fail };
}
