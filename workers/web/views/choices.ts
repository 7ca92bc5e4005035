/** Fields whose answer is picked and not typed: one of a list, or any of several. */
import { el, setText } from "../dom.ts";
import type { Field } from "./field.ts";

export interface ChoiceOptions {
  /** The API's name of the field, which its errors carry. */
  name: string;
  label: string;
  /** Value and words of each; the first is picked. */
  choices: readonly (readonly [value: string, words: string])[];
}

/** One of a list. */
export function select({ name, label, choices }: ChoiceOptions): Field {
  const id = `field-${name}`;
  const error = errorLine(id);
  const picker = el("select", { id, name, "aria-describedby": `${id}-error` });
  picker.append(...choices.map(([value, words]) => el("option", { value }, words)));
  return {
    element: el("div", { class: "field" }, el("label", { for: id }, label), picker, error.element),
    name,
    value: () => picker.value,
    focus: () => picker.focus(),
    showError: error.show,
  };
}

/** Any of several; the value is what is checked, with commas between. */
export function checkboxes(options: ChoiceOptions & { checked: readonly string[] }): Field {
  const { name, label, choices, checked } = options;
  const id = `field-${name}`;
  const error = errorLine(id);
  const boxes = choices.map(([value]) =>
    el("input", { type: "checkbox", name, value, checked: checked.includes(value) }),
  );
  const lines = choices.map(([, words], at) => el("label", { class: "check" }, boxes[at] ?? null, words));
  return {
    element: el(
      "fieldset",
      { class: "field", "aria-describedby": `${id}-error` },
      el("legend", {}, label),
      el("div", {}, ...lines),
      error.element,
    ),
    name,
    value: () => boxes.flatMap((box) => (box.checked ? [box.value] : [])).join(","),
    focus: () => boxes[0]?.focus(),
    showError: error.show,
  };
}

function errorLine(id: string): { element: HTMLElement; show(text: string): void } {
  const element = el("p", { id: `${id}-error`, class: "field-error", hidden: true });
  return {
    element,
    show(text) {
      setText(element, text);
      element.hidden = text === "";
    },
  };
}
