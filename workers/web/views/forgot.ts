/** Asking for the mail that leads to a new password. The answer is the same whether or not there is an account. */
import type { App, View } from "../app.ts";
import { el } from "../dom.ts";
import { field } from "./field.ts";
import { form } from "./form.ts";
import { aside, gate } from "./gate.ts";
import { noteMailSent, resendButton } from "./resend-button.ts";

export const forgotView: View = (app, signal) => {
  const email = field({ name: "email", label: "E-mail", type: "email", autocomplete: "email" });
  const fields = form({
    fields: [email],
    action: "Send me a link",
    busyAction: "Sending…",
    async submit() {
      const address = email.value().trim();
      await app.calls.forgotPassword(address);
      noteMailSent();
      body.replaceChildren(...sent(app, address, signal));
    },
  });
  const body = el("div", {}, el("p", { class: "lead" }, "We mail you a link to choose a new password."), fields);
  return gate("Forgot your password?", body, aside("Remembered it?", { view: "sign-in" }, "Sign in"));
};

function sent(app: App, address: string, signal: AbortSignal): HTMLElement[] {
  const said = el(
    "p",
    { class: "banner", role: "status", tabindex: -1 },
    "If there is an account for ",
    el("strong", {}, address),
    ", a mail with a link is on its way. Nothing there after a few minutes? Look into the spam folder.",
  );
  return [said, resendButton({ send: () => app.calls.forgotPassword(address), signal })];
}
