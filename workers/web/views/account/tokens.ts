/** The tokens a person made for their programs: what each may do, how long, and revoking it. */
import type { PersonalToken } from "../../api/account-model.ts";
import type { View } from "../../app.ts";
import { el } from "../../dom.ts";
import { icon } from "../../icons.ts";
import { keepFresh } from "../../poll.ts";
import { agoWords, expiryWords } from "../../times.ts";
import { problemLine, screen } from "../screen.ts";
import { confirm } from "../sheet.ts";
import { toast, toastFailure } from "../toast.ts";
import { factRow, rowButton, rowList, showRows } from "./fact-row.ts";
import { makeToken } from "./new-token.ts";

export const tokensView: View = (app, signal) => {
  const problem = problemLine();
  const list = rowList();
  const none = el("p", { class: "lead none", hidden: true }, "You have made none yet.");
  const add = el("button", { class: "button primary", type: "button" }, icon("plus"), "New");
  add.addEventListener("click", () => void makeToken(app, isAdmin).then(lookNow));

  let isAdmin = false;

  async function look(): Promise<boolean> {
    try {
      const [tokens, { role }] = await Promise.all([app.calls.personalTokens(), app.calls.me()]);
      isAdmin = role === "admin";
      problem.hide();
      const rows = tokens.map((token) => tokenRow(token, () => void revoke(token)));
      showRows(list, rows);
      none.hidden = tokens.length > 0;
    } catch (error) {
      problem.show(error);
    }
    return false;
  }

  async function revoke({ id, name }: PersonalToken): Promise<void> {
    const isMeant = await confirm({
      title: `Revoke ${name}?`,
      text: "Programs that use it are refused from now on. This cannot be undone.",
      action: "Revoke",
      isDangerous: true,
    });
    if (!isMeant) return;
    await app.calls.revokeToken(id).then(() => toast(`${name} is revoked.`), toastFailure);
    lookNow();
  }

  const lookNow = keepFresh(look, signal);
  return screen(
    { title: "Personal tokens", back: { view: "account" }, backLabel: "Back to account", action: add },
    el("p", { class: "lead" }, "A token lets a program of yours use the API in your name."),
    problem.element,
    list,
    none,
  );
};

function tokenRow(token: PersonalToken, onRevoke: () => void): HTMLElement {
  const { name, scopes, expires_at = null, last_used = null } = token;
  const nowMs = Date.now();
  const used = last_used === null ? "never used" : `used ${agoWords(last_used, nowMs)}`;
  const facts = [
    el("span", {}, `${expiryWords(expires_at, nowMs)} · ${used}`),
    el("span", { class: "row-code" }, scopes.join(", ")),
  ];
  return factRow(name, facts, rowButton("Revoke", name, onRevoke));
}
