/** The two forms for whoever is not signed in. */
import type { View } from "../app.ts";
import { el } from "../dom.ts";
import { linkTo } from "../router.ts";
import { field } from "./field.ts";
import { form } from "./form.ts";
import { aside, gate, goOn, reason } from "./gate.ts";
import { googleEntry } from "./google.ts";
import { newPasswordField, passwordField } from "./password-field.ts";
import { noteMailSent } from "./resend-button.ts";

export const signInView: View = (app, signal) => {
  const name = field({ name: "username_or_email", label: "User name or e-mail", autocomplete: "username" });
  const password = passwordField({ name: "password", label: "Password" });
  const fields = form({
    fields: [name, password],
    action: "Sign in",
    busyAction: "Signing in…",
    async submit() {
      await app.calls.signIn(name.value().trim(), password.value());
      goOn(app);
    },
  });
  const forgot = el("p", { class: "forgot" }, el("a", { href: linkTo({ view: "forgot" }) }, "Forgot your password?"));
  const register = aside("New here?", { view: "register" }, "Create an account");
  return gate("Sign in", reason(app), fields, forgot, googleEntry(app, signal), register);
};

export const registerView: View = (app, signal) => {
  const username = field({
    name: "username",
    label: "User name",
    autocomplete: "username",
    hint: "3 to 30 letters, digits, - or _",
    maxLength: 30,
  });
  const email = field({ name: "email", label: "E-mail", type: "email", autocomplete: "email" });
  const password = newPasswordField({ name: "password", label: "Password" });
  const fields = form({
    fields: [username, email, password],
    action: "Create account",
    busyAction: "Creating your account…",
    async submit() {
      const registration = {
        username: username.value().trim(),
        email: email.value().trim(),
        password: password.value(),
      };
      await app.calls.register(registration);
      noteMailSent();
      goOn(app);
    },
  });
  const signIn = aside("Already with us?", { view: "sign-in" }, "Sign in");
  return gate("Create your account", fields, googleEntry(app, signal), signIn);
};
