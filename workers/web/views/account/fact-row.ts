/** A row of a list: what it is about, what is known of it, and what can be done to it. */
import { type Child, el } from "../../dom.ts";

export function factRow(title: string, facts: Child[], action: HTMLElement): HTMLElement {
  return el("li", { class: "row" }, el("div", { class: "row-text" }, el("strong", {}, title), ...facts), action);
}

/** A list of rows, which may have the focus. */
export function rowList(): HTMLElement {
  return el("ul", { class: "rows", "aria-busy": "true", tabindex: -1 });
}

/** Shows other rows. Whoever was at one of the old ones stays at the list, where the keyboard goes on from. */
export function showRows(list: HTMLElement, rows: HTMLElement[]): void {
  const isHere = list.contains(document.activeElement);
  list.replaceChildren(...rows);
  list.removeAttribute("aria-busy");
  list.hidden = rows.length === 0;
  if (isHere) list.focus();
}

/** A row's button; its name for screen readers tells the rows apart. */
export function rowButton(label: string, title: string, act: () => void): HTMLElement {
  return el("button", { class: "button", type: "button", "aria-label": `${label} ${title}`, onclick: act }, label);
}
