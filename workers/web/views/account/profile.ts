/** The sheet that changes what a person is called. */
import type { User } from "../../api/account-model.ts";
import type { App } from "../../app.ts";
import { field } from "../field.ts";
import { form } from "../form.ts";
import { openSheet } from "../sheet.ts";
import { toast } from "../toast.ts";

/** Shows the user as they are after the change. */
export async function changeProfile(app: App, user: User, show: (user: User) => void): Promise<void> {
  const changed = await openSheet<User>("Name and user name", (close) => {
    const fullName = field({
      name: "full_name",
      label: "Full name",
      autocomplete: "name",
      value: user.full_name ?? "",
      maxLength: 100,
      isOptional: true,
    });
    const username = field({
      name: "username",
      label: "User name",
      autocomplete: "username",
      hint: "3 to 30 letters, digits, - or _",
      value: user.username,
      maxLength: 30,
    });
    const profile = () => ({ full_name: fullName.value().trim(), username: username.value().trim() });
    const fields = form({
      fields: [fullName, username],
      action: "Save",
      busyAction: "Saving…",
      submit: async () => close(await app.calls.changeProfile(profile())),
    });
    return [fields];
  });
  if (changed === null) return;
  show(changed);
  toast("Saved.");
}
