/** Fields for passwords, which can be shown, so that nobody types one twice; a new one is told its rules. */
import { el, setText } from "../dom.ts";
import { passwordRules } from "../password-rules.ts";
import { type Field, type FieldOptions, field, type TextField } from "./field.ts";

type PasswordOptions = Pick<FieldOptions, "name" | "label" | "isOptional" | "hint">;

/** The password of an account that there is. */
export function passwordField(options: PasswordOptions): Field {
  return withShowButton(field({ ...options, type: "password", autocomplete: "current-password" }));
}

/** A password to be; its rules are ticked off while it is typed. */
export function newPasswordField(options: Pick<FieldOptions, "name" | "label">): Field {
  const rules = passwordRules.map(({ words }) => el("li", {}, words));
  const hint = el("ul", { class: "rules" }, ...rules);
  const password = field({ ...options, type: "password", autocomplete: "new-password", hint });
  password.input.addEventListener("input", () => {
    for (const [at, { isMet }] of passwordRules.entries())
      rules[at]?.toggleAttribute("data-met", isMet(password.value()));
  });
  return withShowButton(password);
}

function withShowButton(password: TextField): Field {
  const { input } = password;
  const button = el("button", { class: "field-show", type: "button", "aria-pressed": "false" }, "Show");
  button.addEventListener("click", () => {
    const isShown = input.type === "password";
    input.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
    setText(button, isShown ? "Hide" : "Show");
  });
  input.after(button);
  return password;
}
