/** Labelled inputs with a hint and an error line of their own. */
import { type Child, el, setText } from "../dom.ts";

export interface FieldOptions {
  /** The API's name of the field, which its errors carry. */
  name: string;
  label: string;
  type?: "text" | "email" | "password";
  autocomplete?: AutoFill;
  /** Which soft keyboard a phone shows; unset, the type says. */
  inputMode?: "numeric" | "email";
  /** What is good to know before typing. */
  hint?: Child;
  value?: string;
  maxLength?: number;
  isOptional?: boolean;
}

export interface Field {
  element: HTMLElement;
  name: string;
  value(): string;
  focus(): void;
  /** An empty text removes the error. */
  showError(text: string): void;
}

/** A field of one line of text. */
export interface TextField extends Field {
  input: HTMLInputElement;
}

export function field(options: FieldOptions): TextField {
  const { name, label, hint = null } = options;
  const id = `field-${name}`;
  const error = el("p", { id: `${id}-error`, class: "field-error", hidden: true });
  const input = inputFor(id, options);
  const box = el("div", { class: "field-box" }, input);
  const hintLine = hint === null ? null : el("div", { id: `${id}-hint`, class: "field-hint" }, hint);
  return {
    element: el("div", { class: "field" }, el("label", { for: id }, label), box, hintLine, error),
    input,
    name,
    value: () => input.value,
    focus: () => input.focus(),
    showError(text) {
      setText(error, text);
      error.hidden = text === "";
      input.setAttribute("aria-invalid", String(text !== ""));
    },
  };
}

function inputFor(id: string, options: FieldOptions): HTMLInputElement {
  const { name, type = "text", autocomplete = "off", inputMode, maxLength, value = "", isOptional = false } = options;
  const input = el("input", {
    id,
    name,
    type,
    autocomplete,
    required: !isOptional,
    autocapitalize: "none",
    spellcheck: "false",
    "aria-describedby": `${id}-error ${id}-hint`,
    ...(inputMode === undefined ? {} : { inputmode: inputMode }),
    ...(maxLength === undefined ? {} : { maxlength: maxLength }),
  });
  input.value = value;
  return input;
}
