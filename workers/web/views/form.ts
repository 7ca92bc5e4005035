/** Forms: labelled inputs with their own error line, a line for what concerns the whole form, and a busy button. */
import { explain, Failed } from "../api/problem.ts";
import { el, setText } from "../dom.ts";

export interface FieldOptions {
  /** The API's name of the field, which its errors carry. */
  name: string;
  label: string;
  type?: "text" | "email" | "password";
  autocomplete?: AutoFill;
  hint?: string;
  value?: string;
  maxLength?: number;
}

export interface Field {
  element: HTMLElement;
  name: string;
  value(): string;
  focus(): void;
  /** An empty text removes the error. */
  showError(text: string): void;
}

export function field({
  name,
  label,
  type = "text",
  autocomplete = "off",
  hint,
  value,
  maxLength,
}: FieldOptions): Field {
  const id = `field-${name}`;
  const error = el("p", { id: `${id}-error`, class: "field-error", hidden: true });
  const input = el("input", {
    id,
    name,
    type,
    autocomplete,
    required: true,
    autocapitalize: "none",
    spellcheck: "false",
    "aria-describedby": `${id}-error ${id}-hint`,
    ...(maxLength === undefined ? {} : { maxlength: maxLength }),
  });
  input.value = value ?? "";
  const hintLine = hint === undefined ? null : el("p", { id: `${id}-hint`, class: "field-hint" }, hint);
  return {
    element: el("div", { class: "field" }, el("label", { for: id }, label), input, hintLine, error),
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

export interface FormOptions {
  fields: readonly Field[];
  action: string;
  busyAction: string;
  /** Throws `Failed`, whose field errors are shown at their fields. */
  submit(): Promise<void>;
}

export function form({ fields, action, busyAction, submit }: FormOptions): HTMLFormElement {
  const summary = el("p", { class: "form-error", role: "alert" });
  const button = el("button", { class: "button primary wide", type: "submit" }, action);

  function setBusy(isBusy: boolean): void {
    setText(button, isBusy ? busyAction : action);
    button.setAttribute("aria-disabled", String(isBusy));
    button.classList.toggle("busy", isBusy);
  }

  function showFailure({ failure }: Failed): void {
    const errors = failure.kind === "problem" ? failure.fields : {};
    const marked = fields.filter(({ name }) => errors[name] !== undefined);
    for (const each of marked) each.showError(errors[each.name] ?? "");
    // An error at a field that this form does not have is told in the line for all.
    const others = Object.entries(errors).filter(([name]) => !fields.some((each) => each.name === name));
    setText(summary, [explain(failure), ...others.map(([name, text]) => `${name}: ${text}`)].join(" "));
    marked[0]?.focus();
  }

  async function onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (button.classList.contains("busy")) return;
    setText(summary, "");
    for (const each of fields) each.showError("");
    setBusy(true);
    try {
      await submit();
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      showFailure(error);
    } finally {
      setBusy(false);
    }
  }

  const inputs = fields.map((each) => each.element);
  return el("form", { class: "form", novalidate: true, onsubmit: onSubmit }, ...inputs, summary, button);
}
