/** A row of a list: what it is about, what is known of it, and what can be done to it. */
import { type Child, el } from "../../dom.ts";

export function factRow(title: string, facts: Child[], action: HTMLElement): HTMLElement {
  return el("li", { class: "row" }, el("div", { class: "row-text" }, el("strong", {}, title), ...facts), action);
}

/** A row's button; its name for screen readers tells the rows apart. */
export function rowButton(label: string, title: string, act: () => void): HTMLElement {
  return el("button", { class: "button", type: "button", "aria-label": `${label} ${title}`, onclick: act }, label);
}
