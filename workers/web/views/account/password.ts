/** The sheet that changes the password; whoever has none yet, or forgot it, has a link mailed instead. */
import type { User } from "../../api/account-model.ts";
import type { App } from "../../app.ts";
import { el } from "../../dom.ts";
import { form } from "../form.ts";
import { newPasswordField, passwordField } from "../password-field.ts";
import { openSheet } from "../sheet.ts";
import { toast, toastFailure } from "../toast.ts";

type Outcome = "changed" | "mail";

export async function changePassword(app: App, { email }: User): Promise<void> {
  const outcome = await openSheet<Outcome>("Change password", (close) => {
    const current = passwordField({ name: "current_password", label: "Current password" });
    const next = newPasswordField({ name: "new_password", label: "New password" });
    const fields = form({
      fields: [current, next],
      action: "Change password",
      busyAction: "Changing…",
      async submit() {
        await app.calls.changePassword(current.value(), next.value());
        close("changed");
      },
    });
    const mail = el(
      "button",
      { class: "button plain wide", type: "button", onclick: () => close("mail") },
      "No password, or forgot it? Mail me a link",
    );
    return [
      el("p", { class: "lead" }, "Your other devices have to sign in again, and your personal tokens end."),
      fields,
      mail,
    ];
  });
  if (outcome === "changed") toast("Your password is changed.");
  if (outcome === "mail") await mailLink(app, email);
}

async function mailLink(app: App, email: string): Promise<void> {
  const said = () => toast(`A link to choose a new password is on its way to ${email}.`);
  await app.calls.forgotPassword(email).then(said, toastFailure);
}
