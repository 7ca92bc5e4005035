/** The sheet that offers an environment: to whom, what they may, and for how long. */
import type { Share } from "../../api/share-model.ts";
import type { App } from "../../app.ts";
import { select } from "../choices.ts";
import { field } from "../field.ts";
import { form } from "../form.ts";
import { openSheet } from "../sheet.ts";
import { toast } from "../toast.ts";

const kinds = [
  ["link", "Anyone with a link"],
  ["user", "A user, by name"],
  ["email", "Somebody, by e-mail"],
] as const;
const roles = [
  ["viewer", "Watch"],
  ["driver", "Watch and type"],
] as const;
const lives = [
  ["3600", "One hour"],
  ["86400", "One day"],
  ["604800", "One week"],
  ["2592000", "30 days"],
  ["7776000", "90 days"],
] as const;

/** Answers the address of a new link; null when there is none to show. */
export function newShare(app: App, environment: { id: string; name: string }): Promise<string | null> {
  return openSheet<string | null>(`Share ${environment.name}`, (close) => {
    const kind = select({ name: "kind", label: "With", choices: kinds });
    const username = field({ name: "username", label: "User name", maxLength: 30 });
    const email = field({ name: "email", label: "E-mail", type: "email", autocomplete: "off" });
    const role = select({ name: "role", label: "They may", choices: roles });
    const life = select({ name: "expires_in_seconds", label: "For", choices: lives });
    const whom: Record<string, typeof username> = { user: username, email };

    function showField(): void {
      for (const [name, each] of Object.entries(whom)) each.element.hidden = name !== kind.value();
    }
    kind.element.addEventListener("change", showField);
    showField();

    const fields = form({
      fields: [kind, username, email, role, life],
      action: "Share",
      busyAction: "Sharing…",
      async submit() {
        const addressee = whom[kind.value()]?.value().trim() ?? "";
        const url = await app.calls.share(environment.id, {
          kind: kind.value() as Share["kind"],
          addressee,
          role: role.value() as Share["role"],
          expiresInSeconds: Number(life.value()),
        });
        if (url === null) toast(`Offered to ${addressee}. They have to accept it.`);
        close(url);
      },
    });
    return [fields];
  });
}
