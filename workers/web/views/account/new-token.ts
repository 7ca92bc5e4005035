/** The sheets that make a personal token: what it may do, and then the token itself, which is shown this once. */
import type { App } from "../../app.ts";
import { copyText } from "../../clipboard.ts";
import { el, setText } from "../../dom.ts";
import { checkboxes, select } from "../choices.ts";
import { field } from "../field.ts";
import { form } from "../form.ts";
import { openSheet } from "../sheet.ts";

const scopes = [
  ["account:read", "See your account"],
  ["account:write", "Change your account"],
  ["environments:read", "See environments, their logs and metrics"],
  ["environments:write", "Create, change and delete environments"],
  ["terminal", "Open terminals"],
] as const;
const adminScopes = [...scopes, ["admin", "Administer this server"]] as const;
const usualScopes = ["environments:read", "environments:write", "terminal"];

const lives = [
  ["30", "30 days"],
  ["90", "90 days"],
  ["365", "One year"],
] as const;

/** Resolves when the person is done, whether or not there is a new token. */
export async function makeToken(app: App, isAdmin: boolean): Promise<void> {
  const token = await openSheet<string>("New token", (close) => {
    const name = field({
      name: "name",
      label: "Name",
      hint: "What it is for, so that you know it again",
      maxLength: 50,
    });
    const life = select({ name: "expires_in_days", label: "Works for", choices: lives });
    const allowed = checkboxes({
      name: "scopes",
      label: "It may",
      choices: isAdmin ? adminScopes : scopes,
      checked: usualScopes,
    });
    const fields = form({
      fields: [name, life, allowed],
      action: "Make token",
      busyAction: "Making it…",
      async submit() {
        const chosen = allowed
          .value()
          .split(",")
          .filter((scope) => scope !== "");
        close(
          await app.calls.makeToken({ name: name.value().trim(), scopes: chosen, expiresInDays: Number(life.value()) }),
        );
      },
    });
    return [fields];
  });
  if (token !== null) await showToken(token);
}

async function showToken(token: string): Promise<void> {
  await openSheet("Your new token", (close) => {
    const secret = el("input", { class: "secret", readonly: true, value: token, "aria-label": "Token" });
    secret.addEventListener("focus", () => secret.select());
    const copy = el("button", { class: "button primary", type: "button", onclick: copyIt }, "Copy");
    const said = el("p", { class: "field-hint", role: "status" });
    async function copyIt(): Promise<void> {
      const isCopied = await copyText(token);
      setText(said, isCopied ? "Copied." : "This browser does not let the page copy: hold the token above.");
    }
    return [
      el("p", { class: "lead" }, "Copy it now: it is not shown again. Whoever has it can act in your name."),
      secret,
      said,
      el(
        "div",
        { class: "sheet-actions" },
        el("button", { class: "button", type: "button", onclick: () => close(null) }, "Done"),
        copy,
      ),
    ];
  });
}
