/** The sheet that deletes the account: the user name typed, and the password or a sign-in of a few minutes ago. */
import type { User } from "../../api/account-model.ts";
import type { App } from "../../app.ts";
import { el } from "../../dom.ts";
import { field } from "../field.ts";
import { form } from "../form.ts";
import { leadToSignIn } from "../gate.ts";
import { passwordField } from "../password-field.ts";
import { openSheet } from "../sheet.ts";

export async function askToLeave(app: App, { username }: User): Promise<void> {
  const isGone = await openSheet<true>("Delete your account?", (close) => {
    const confirmation = field({ name: "confirmation", label: `Type ${username} to confirm` });
    const password = passwordField({
      name: "password",
      label: "Password",
      isOptional: true,
      hint: "No password? Leave this empty within 15 minutes of signing in.",
    });
    const fields = form({
      fields: [confirmation, password],
      action: "Delete my account",
      busyAction: "Deleting…",
      isDangerous: true,
      async submit() {
        const isMeant = confirmation.value().trim().toLowerCase() === username.toLowerCase();
        if (!isMeant) return refuse(confirmation, username);
        await app.calls.leave(password.value() || null);
        close(true);
      },
    });
    const lead =
      "All your environments and their files are removed, and every device is signed out. Nobody can undo this.";
    return [el("p", { class: "lead" }, lead), fields];
  });
  if (isGone) leadToSignIn(app, "Your account is deleted.");
}

function refuse({ showError, focus }: { showError(text: string): void; focus(): void }, username: string): void {
  showError(`This is not ${username}.`);
  focus();
}
