/** The six digits of the verification mail, for whoever is signed in, and asking for another mail. */
import { Failed } from "../api/problem.ts";
import type { App } from "../app.ts";
import { el } from "../dom.ts";
import { field } from "./field.ts";
import { form } from "./form.ts";
import { resendButton } from "./resend-button.ts";
import { toast } from "./toast.ts";

export function codeForm(app: App, signal: AbortSignal, onVerified: () => void): HTMLElement {
  const code = field({ name: "token", label: "6-digit code", autocomplete: "one-time-code", inputMode: "numeric" });
  const digits = () => code.value().replace(/\D/g, "");
  const fields = form({
    fields: [code],
    action: "Verify",
    busyAction: "Verifying…",
    async submit() {
      await app.calls.verifyByCode(digits());
      onVerified();
    },
  });
  fields.classList.add("code-form");
  // A phone fills the field from the mail at once: nothing is left to do then.
  code.input.addEventListener("input", () => digits().length === 6 && fields.requestSubmit());
  return el("div", { class: "code" }, fields, resendButton({ send: app.calls.resendVerification, signal }));
}

/** Above the list of whoever has not verified their address; not there for anybody else. */
export function verifyBanner(app: App, signal: AbortSignal): HTMLElement {
  const banner = el("section", { class: "banner", "aria-label": "Verify your e-mail", hidden: true });
  async function look(): Promise<void> {
    const { is_verified, email } = await app.calls.me();
    if (is_verified || signal.aborted) return;
    banner.append(codeLead(email), codeForm(app, signal, thank));
    banner.hidden = false;
  }
  function thank(): void {
    banner.remove();
    toast("Thank you. Your e-mail address is verified.");
  }
  look().catch(ignoreFailed);
  return banner;
}

/** The list beside it tells what is wrong. */
function ignoreFailed(error: unknown): void {
  if (!(error instanceof Failed)) throw error;
}

export function codeLead(email: string): HTMLElement {
  const lead = "To create environments, type the code of the mail we sent to ";
  return el("p", { class: "code-lead" }, lead, el("strong", {}, email), ", or open the link in it.");
}
