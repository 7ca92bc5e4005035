/** Questions in a modal `<dialog>`: a sheet at the bottom of a phone, a small window on a desktop. */
import { type Child, el, listen } from "../dom.ts";
import { placeToast } from "./toast.ts";

/** Opens a sheet and answers when it closes; the value that `close` was given, or null when it was dismissed. */
export function openSheet<T>(
  title: string,
  content: (close: (value: T) => void) => Child[],
  extraClass = "",
): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<T | null>();
  const closed = new AbortController();
  let answer: T | null = null;
  const sheet: HTMLDialogElement = el("dialog", { class: `sheet ${extraClass}`, "aria-labelledby": "sheet-title" });
  const close = (value: T) => {
    answer = value;
    sheet.close();
  };
  // Whoever cannot press beside the sheet, and has no Escape, finds this behind all else.
  const dismiss = el("button", { class: "sheet-dismiss", type: "button", onclick: () => sheet.close() }, "Dismiss");
  sheet.append(el("div", { class: "sheet-body" }, el("h2", { id: "sheet-title" }, title), ...content(close), dismiss));
  sheet.addEventListener("click", ({ target }) => target === sheet && sheet.close());
  sheet.addEventListener("close", () => {
    closed.abort();
    placeToast();
    sheet.remove();
    resolve(answer);
  });
  listen(window, ["hashchange"], closed.signal, () => sheet.close());
  document.body.append(sheet);
  sheet.showModal();
  placeToast();
  return promise;
}

export interface Question {
  title: string;
  text: string;
  action: string;
  isDangerous?: boolean;
}

/** Whether the person agrees. */
export async function confirm({ title, text, action, isDangerous = false }: Question): Promise<boolean> {
  const answer = await openSheet<boolean>(title, (close) => [
    el("p", {}, text),
    el(
      "div",
      { class: "sheet-actions" },
      el("button", { class: "button", type: "button", onclick: () => close(false) }, "Cancel"),
      el(
        "button",
        { class: `button ${isDangerous ? "danger" : "primary"}`, type: "button", onclick: () => close(true) },
        action,
      ),
    ),
  ]);
  return answer === true;
}

export interface Choice<T> {
  label: string;
  value: T;
  isDangerous?: boolean;
  /** Not there until this says so. Above all others, it moves none of them when it comes. */
  isOffered?: Promise<boolean>;
}

/** One of several choices, or null. */
export function choose<T>(title: string, choices: readonly Choice<T>[]): Promise<T | null> {
  return openSheet<T>(title, (close) => [
    el("div", { class: "sheet-list" }, ...choices.map((choice) => choiceButton(choice, close))),
  ]);
}

function choiceButton<T>({ label, value, isDangerous = false, isOffered }: Choice<T>, close: (value: T) => void) {
  const attributes = { class: isDangerous ? "sheet-choice danger" : "sheet-choice", type: "button" };
  const button = el("button", { ...attributes, onclick: () => close(value) }, label);
  button.hidden = isOffered !== undefined;
  void isOffered?.then((isIt) => {
    button.hidden = !isIt;
  });
  return button;
}
