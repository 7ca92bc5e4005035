/** Forms: fields, a line for what concerns the whole form, and a button that is busy while the form is sent. */
import { explain, Failed } from "../api/problem.ts";
import { el, setText } from "../dom.ts";
import type { Field } from "./field.ts";

export interface FormOptions {
  fields: readonly Field[];
  action: string;
  busyAction: string;
  /** What is done cannot be undone. */
  isDangerous?: boolean;
  /** Throws `Failed`, whose field errors are shown at their fields. */
  submit(): Promise<void>;
}

export function form({ fields, action, busyAction, isDangerous = false, submit }: FormOptions): HTMLFormElement {
  const summary = el("p", { class: "form-error", role: "alert" });
  const button = el("button", { class: `button wide ${isDangerous ? "danger" : "primary"}`, type: "submit" }, action);

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
