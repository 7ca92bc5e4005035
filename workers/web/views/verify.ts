/** Verifying an e-mail address: by the link of the mail, at once, or by typing its code. */
import { explain, Failed } from "../api/problem.ts";
import type { App, View } from "../app.ts";
import { type Child, el } from "../dom.ts";
import { linkTo } from "../router.ts";
import { codeForm, codeLead } from "./code-form.ts";
import { field } from "./field.ts";
import { form } from "./form.ts";
import { aside, gate, goOn, reason } from "./gate.ts";
import { noteMailSent } from "./resend-button.ts";
import { toast } from "./toast.ts";

export const verifyView =
  (token: string | null): View =>
  (app, signal) => {
    const body = el("div", {}, el("span", { class: "spinner", role: "status", "aria-label": "Verifying" }));
    const why = token === null ? reason(app) : null;
    const show = (...children: Child[]) => {
      if (!signal.aborted) body.replaceChildren(...children.filter((child) => child !== null));
    };
    void (token === null ? askCode(app, signal, show) : useLink(app, token, signal, show));
    return gate("Verify your e-mail", why, body);
  };

type Show = (...children: Child[]) => void;

async function useLink(app: App, token: string, signal: AbortSignal, show: Show): Promise<void> {
  try {
    await app.calls.verifyByLink(token);
    const isSignedIn = app.tokens.read() !== null;
    show(
      el("p", { class: "banner", role: "status" }, "Thank you. Your e-mail address is verified."),
      el(
        "a",
        { class: "button primary wide", href: linkTo({ view: isSignedIn ? "environments" : "sign-in" }) },
        isSignedIn ? "Go to your environments" : "Sign in",
      ),
    );
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    const said = el("p", { class: "banner error", role: "alert" }, explain(error.failure));
    await askCode(app, signal, (...children) => show(said, ...children));
  }
}

/** The code for whoever is signed in; whoever is not can ask for another mail. */
async function askCode(app: App, signal: AbortSignal, show: Show): Promise<void> {
  if (app.tokens.read() === null) return show(mailForm(app), aside("", { view: "sign-in" }, "Sign in"));
  try {
    const user = await app.calls.me();
    if (user.is_verified) return verified(app);
    show(
      codeLead(user.email),
      codeForm(app, signal, () => verified(app)),
    );
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    show(el("p", { class: "banner error", role: "alert" }, explain(error.failure)));
  }
}

function verified(app: App): void {
  toast("Your e-mail address is verified.");
  goOn(app);
}

function mailForm(app: App): HTMLElement {
  const email = field({ name: "email", label: "E-mail", type: "email", autocomplete: "email" });
  return form({
    fields: [email],
    action: "Send a new link",
    busyAction: "Sending…",
    async submit() {
      await app.calls.resendVerificationTo(email.value().trim());
      noteMailSent();
      toast("If that address waits to be verified, a mail is on its way.");
    },
  });
}
