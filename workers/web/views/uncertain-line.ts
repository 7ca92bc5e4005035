/** Floats over the terminal while it is not known whether something that was typed has reached the shell. */
import { el, setText } from "../dom.ts";
import { type Draft, type Piece, piecesOf } from "../terminal/drafts.ts";
import { visibleText } from "../terminal/visible-text.ts";

export interface UncertainLine {
  element: HTMLElement;
  add(drafts: readonly Draft[]): void;
}

/** `onRepeat` is given what to type or paste again. */
export function uncertainLine(onRepeat: (piece: Piece) => void): UncertainLine {
  let drafts: Draft[] = [];
  const label = el("span", {}, "Perhaps not sent:");
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
      button("Send again", () => settle(onRepeat)),
    ),
  );

  function show(): void {
    element.hidden = drafts.length === 0;
    setText(text, visibleText(drafts.map(({ data }) => data).join("")));
  }

  function settle(each: (piece: Piece) => void): void {
    const pieces = piecesOf(drafts);
    drafts = [];
    show();
    pieces.forEach(each);
  }

  return {
    element,
    add(more) {
      drafts.push(...more);
      show();
    },
  };
}
