/** Choosing a new password with the token of a mailed link. Afterwards every device has to sign in again. */
import type { View } from "../app.ts";
import { el } from "../dom.ts";
import { form } from "./form.ts";
import { aside, gate, leadToSignIn } from "./gate.ts";
import { newPasswordField } from "./password-field.ts";

export const resetView =
  (token: string | null): View =>
  (app) => {
    const again = aside("The link does not work?", { view: "forgot" }, "Ask for a new one");
    if (token === null) {
      const why = "Open the link in the mail again: what it brought along is gone since this page was loaded anew.";
      return gate("Choose a new password", el("p", { class: "banner" }, why), again);
    }
    const password = newPasswordField({ name: "new_password", label: "New password" });
    const fields = form({
      fields: [password],
      action: "Change password",
      busyAction: "Changing…",
      async submit() {
        await app.calls.resetPassword(token, password.value());
        leadToSignIn(app, "Your password is changed. Sign in with the new one.");
      },
    });
    return gate("Choose a new password", fields, again);
  };
