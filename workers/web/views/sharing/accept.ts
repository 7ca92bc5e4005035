/** What a shared link opens: it is accepted for whoever is signed in, and leads to the terminal. */
import { explain, Failed } from "../../api/problem.ts";
import type { App, View } from "../../app.ts";
import { type Child, el } from "../../dom.ts";
import { forgetPendingShare, pendingShare } from "../../pending-share.ts";
import { linkTo } from "../../router.ts";
import { gate } from "../gate.ts";
import { toast } from "../toast.ts";

export const acceptView =
  (linked: string | null): View =>
  (app, signal) => {
    const body = el("div", {}, el("span", { class: "spinner", role: "status", "aria-label": "Opening" }));
    const show = (...children: Child[]) => {
      if (!signal.aborted) body.replaceChildren(...children.filter((child) => child !== null));
    };
    const secret = linked ?? pendingShare();
    if (secret === null) show(...refused("Open the link again: this page has forgotten what it was for."));
    else void accept(app, secret, signal, show);
    return gate("Shared with you", body);
  };

async function accept(app: App, secret: string, signal: AbortSignal, show: (...children: Child[]) => void) {
  try {
    const { environment, owner } = await app.calls.acceptSecret(secret);
    forgetPendingShare();
    if (signal.aborted) return;
    toast(`${owner.username} shares ${environment.name} with you.`);
    app.router.go({ view: "terminal", environmentId: environment.id }, true);
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    const { failure } = error;
    if (failure.kind === "signed_out") return;
    if (failure.kind === "problem" && failure.code === "email_not_verified") {
      app.interrupted = { route: { view: "share", secret: null }, why: "One step before you can open what is shared:" };
      app.router.go({ view: "verify", secret: null }, true);
      return;
    }
    if (failure.kind === "problem") forgetPendingShare();
    show(...refused(explain(failure)));
  }
}

function refused(why: string): Child[] {
  return [
    el("p", { class: "banner error", role: "alert" }, why),
    el("a", { class: "button primary wide", href: linkTo({ view: "environments" }) }, "Go to your environments"),
  ];
}
