/** The two forms for whoever is not signed in. */
import type { App, View } from "../app.ts";
import { el } from "../dom.ts";
import { linkTo } from "../router.ts";
import { brand } from "./brand.ts";
import { field, form } from "./form.ts";

export const signInView: View = (app) => {
  const name = field({ name: "username_or_email", label: "User name or e-mail", autocomplete: "username" });
  const password = field({ name: "password", label: "Password", type: "password", autocomplete: "current-password" });
  const fields = form({
    fields: [name, password],
    action: "Sign in",
    busyAction: "Signing in…",
    async submit() {
      await app.calls.signIn(name.value().trim(), password.value());
      goOn(app);
    },
  });
  const why = app.interrupted === null ? null : el("p", { class: "banner", role: "status" }, app.interrupted.why);
  const other = el(
    "p",
    { class: "aside" },
    "New here? ",
    el("a", { href: linkTo({ view: "register" }) }, "Create an account"),
  );
  return gate("Sign in", why, fields, other);
};

export const registerView: View = (app) => {
  const username = field({
    name: "username",
    label: "User name",
    autocomplete: "username",
    hint: "3 to 30 letters, digits, - or _",
    maxLength: 30,
  });
  const email = field({ name: "email", label: "E-mail", type: "email", autocomplete: "email" });
  const password = field({
    name: "password",
    label: "Password",
    type: "password",
    autocomplete: "new-password",
    hint: "At least 8 characters with upper case, lower case and a digit",
    maxLength: 128,
  });
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
      goOn(app);
    },
  });
  const other = el(
    "p",
    { class: "aside" },
    "Already with us? ",
    el("a", { href: linkTo({ view: "sign-in" }) }, "Sign in"),
  );
  return gate("Create your account", null, fields, other);
};

/** To where the person was interrupted, or to the list. */
function goOn(app: App): void {
  const route = app.interrupted?.route ?? { view: "environments" };
  app.interrupted = null;
  app.router.go(route.view === "sign-in" || route.view === "register" ? { view: "environments" } : route, true);
}

function gate(title: string, why: HTMLElement | null, fields: HTMLElement, other: HTMLElement): HTMLElement {
  return el(
    "section",
    { class: "gate" },
    el("header", { class: "gate-head" }, brand("div"), el("p", { class: "tagline" }, "A real shell in your pocket.")),
    el("div", { class: "panel" }, el("h1", { tabindex: -1, "data-focus": true }, title), why, fields, other),
  );
}
