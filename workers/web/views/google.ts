/** Signing in with Google: the button that leads there, and the two ways back. */
import { explain, Failed } from "../api/problem.ts";
import type { App, View } from "../app.ts";
import { el } from "../dom.ts";
import { gate, goOn, leadToSignIn } from "./gate.ts";
import { toast } from "./toast.ts";

/** Where the server begins the sign-in; it leads back to `#/google/CODE` or `#/google-failed/REASON`. */
const startUrl = "/api/v1/auth/google";

/** The button below a form, empty on a server that has no Google. Colours, words and mark are as Google asks for. */
export function googleEntry(app: App, signal: AbortSignal): HTMLElement {
  const entry = el("div", { class: "google-entry", hidden: true });
  const mark = el("img", { src: "/google.svg", alt: "", width: 18, height: 18 });
  entry.append(
    el("p", { class: "or", "aria-hidden": "true" }, "or"),
    el("a", { class: "google-button", href: startUrl }, mark, "Continue with Google"),
  );
  void app.offersGoogle().then((isOffered) => {
    if (!signal.aborted) entry.hidden = !isOffered;
  });
  return entry;
}

/** Takes the one-time code that Google's sign-in came back with. */
export const googleView =
  (code: string | null): View =>
  (app) => {
    void (code === null ? giveUp(app, failureWords("unknown")) : enter(app, code));
    return gate("Signing in…", el("span", { class: "spinner", role: "status", "aria-label": "Signing in" }));
  };

/** Says why Google's sign-in came to nothing. */
export const googleFailedView =
  (reason: string): View =>
  (app) => {
    giveUp(app, failureWords(reason));
    return el("section");
  };

async function enter(app: App, code: string): Promise<void> {
  try {
    await app.calls.exchange(code);
    goOn(app);
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    const isUsed = error.failure.kind === "problem" && error.failure.code === "invalid_code";
    giveUp(app, isUsed ? failureWords("state_mismatch") : explain(error.failure));
  }
}

/** Whoever is signed in stays so. */
function giveUp(app: App, why: string): void {
  if (app.tokens.read() === null) leadToSignIn(app, why, true);
  else {
    toast(why);
    goOn(app);
  }
}

const reasonWords: Readonly<Record<string, string>> = {
  cancelled: "You did not let Google sign you in.",
  email_not_verified: "Google has not verified the e-mail address of that account, so it cannot be used here.",
  state_mismatch: "That sign-in took too long or was begun elsewhere. Please try again.",
  invalid_token: "Google's answer was not valid. Please try again.",
  unavailable: "Google does not answer right now. Please try again in a moment.",
};

function failureWords(reason: string): string {
  return reasonWords[reason] ?? "Google could not sign you in. Please try again.";
}
