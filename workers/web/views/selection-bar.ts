/** The buttons that come with a selection on the terminal. */
import { copyText } from "../clipboard.ts";
import { el } from "../dom.ts";
import { toast } from "./toast.ts";

export interface SelectionBarOptions {
  selection(): string;
  clear(): void;
  onPaste(): void;
}

export interface SelectionBar {
  element: HTMLElement;
  /** Shows the bar in the other half than the selection's, where it covers nothing of it. */
  show(half: "upper" | "lower" | null): void;
}

export function selectionBar({ selection, clear, onPaste }: SelectionBarOptions): SelectionBar {
  async function copy(): Promise<void> {
    const isCopied = await copyText(selection());
    toast(isCopied ? "Copied" : "This browser does not let the page copy.");
    clear();
  }
  function paste(): void {
    clear();
    onPaste();
  }
  const button = (label: string, press: () => void) =>
    el("button", { class: "button", type: "button", onclick: press }, label);
  const element = el(
    "div",
    { class: "selection-bar", role: "toolbar", "aria-label": "Selection", hidden: true },
    button("Copy", () => void copy()),
    button("Paste", paste),
    button("Cancel", clear),
  );
  return {
    element,
    show(half) {
      element.hidden = half === null;
      element.dataset["selected"] = half ?? "";
    },
  };
}
