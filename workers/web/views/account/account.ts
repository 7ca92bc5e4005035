/** Who is signed in here, what their plan allows, and the ways to everything about their account. */
import type { User } from "../../api/account-model.ts";
import type { App, View } from "../../app.ts";
import { type Child, el } from "../../dom.ts";
import { icon } from "../../icons.ts";
import { linkTo, type Route } from "../../router.ts";
import { problemLine, screen } from "../screen.ts";
import { toastFailure } from "../toast.ts";
import { askToLeave } from "./leave.ts";
import { limitsSection } from "./limits.ts";
import { changePassword } from "./password.ts";
import { changeProfile } from "./profile.ts";

export const accountView: View = (app, signal) => {
  const problem = problemLine();
  const body = el("div", { class: "account", "aria-busy": "true" });

  function show(user: User): void {
    if (signal.aborted) return;
    body.replaceChildren(
      identity(user),
      limitsSection(app, signal),
      el(
        "ul",
        { class: "rows" },
        way("Sessions", { view: "sessions" }),
        way("Personal tokens", { view: "tokens" }),
        deed("Name and user name…", () => void changeProfile(app, user, show)),
        deed("Change password…", () => void changePassword(app, user)),
      ),
      el(
        "ul",
        { class: "rows" },
        deed("Sign out", () => void signOut(app)),
        deed("Delete account…", () => void askToLeave(app, user), true),
      ),
    );
    body.removeAttribute("aria-busy");
  }

  app.calls.me().then(show).catch(problem.show);
  return screen(
    { title: "Account", back: { view: "environments" }, backLabel: "Back to environments" },
    problem.element,
    body,
  );
};

function identity({ username, full_name, email, is_verified }: User): HTMLElement {
  const name = full_name ?? username;
  const verification: Child = is_verified
    ? null
    : el("a", { href: linkTo({ view: "verify", secret: null }) }, "Not verified yet");
  return el(
    "section",
    { class: "identity", "aria-label": "Who you are" },
    el("span", { class: "monogram", "aria-hidden": "true" }, initials(name)),
    el("div", {}, el("h2", {}, name), el("p", {}, `@${username}`), el("p", {}, email, " ", verification)),
  );
}

function initials(name: string): string {
  const words = name.split(/[\s_-]+/).filter((word) => word !== "");
  return words
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase())
    .join("");
}

/** A line that leads to a screen. */
function way(label: string, route: Route): HTMLElement {
  return el("li", {}, el("a", { class: "row", href: linkTo(route) }, label, icon("forward")));
}

/** A line that does something, mostly after asking. */
function deed(label: string, act: () => void, isDangerous = false): HTMLElement {
  const name = isDangerous ? "row danger" : "row";
  return el("li", {}, el("button", { class: name, type: "button", onclick: act }, label));
}

/** Signing out holds on this device whatever the server says: the tokens are gone. */
async function signOut(app: App): Promise<void> {
  await app.calls.signOut().catch(toastFailure);
  app.tokens.clear();
  app.interrupted = null;
  app.router.go({ view: "sign-in" }, true);
}
