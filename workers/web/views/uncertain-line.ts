/** Floats over the terminal while something that was typed has not, or perhaps has not, reached the shell. */
import { el, setText } from "../dom.ts";
import { type Draft, type Piece, piecesOf } from "../terminal/drafts.ts";
import { visibleText } from "../terminal/visible-text.ts";

export interface UncertainLine {
  element: HTMLElement;
  /** Of what was certainly not sent and what is doubtful together nobody knows whether it was. */
  add(drafts: readonly Draft[], kind: "unsent" | "doubtful"): void;
}

/** `onRepeat` is given what to type or paste again. */
export function uncertainLine(onRepeat: (piece: Piece) => void): UncertainLine {
  let drafts: Draft[] = [];
  let isDoubtful = false;
  const label = el("span");
  const text = el("code", { class: "pill-code" });
  const button = (words: string, press: () => void) =>
    el("button", { class: "button small", type: "button", onclick: press }, words);
  const element = el(
    "div",
    { class: "pill uncertain", hidden: true },
    el("p", { role: "status" }, label, text),
    el(
      "div",
      { class: "uncertain-answers" },
      button("Discard", () => settle(() => undefined)),
      button("Send", () => settle(onRepeat)),
    ),
  );

  function show(): void {
    element.hidden = drafts.length === 0;
    setText(label, isDoubtful ? "Perhaps not sent:" : "Not sent:");
    setText(text, visibleText(drafts.map(({ data }) => data).join("")));
  }

  function settle(each: (piece: Piece) => void): void {
    const pieces = piecesOf(drafts);
    drafts = [];
    isDoubtful = false;
    show();
    pieces.forEach(each);
  }

  return {
    element,
    add(more, kind) {
      isDoubtful ||= kind === "doubtful";
      drafts.push(...more);
      show();
    },
  };
}
