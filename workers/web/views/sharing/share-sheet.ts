/** The sheet of an owner: what is shared with whom, offering more, and taking it back. */
import { explain, Failed } from "../../api/problem.ts";
import type { Share } from "../../api/share-model.ts";
import type { App } from "../../app.ts";
import { el, setText } from "../../dom.ts";
import { expiryWords } from "../../times.ts";
import { factRow, rowButton, rowList, showRows } from "../account/fact-row.ts";
import { choose, confirm, openSheet } from "../sheet.ts";
import { toast, toastFailure } from "../toast.ts";
import { showLink } from "./link-sheet.ts";
import { newShare } from "./new-share.ts";

interface Shared {
  id: string;
  name: string;
}

/** Goes on until the person is done: what is offered comes back to the list. */
export async function openShareSheet(app: App, environment: Shared): Promise<void> {
  for (;;) {
    const deed = await openSheet<"new" | Share>(`Share ${environment.name}`, (close) => {
      const list = rowList();
      const note = el("p", { class: "lead", role: "status" }, "Loading…");
      void fill(app, environment.id, { list, note, onPick: close });
      const add = el("button", { class: "button primary", type: "button", onclick: () => close("new") }, "Share with…");
      const done = el("button", { class: "button", type: "button", onclick: closeSheet }, "Done");
      return [note, list, el("div", { class: "sheet-actions" }, done, add)];
    });
    if (deed === null) return;
    if (deed === "new") {
      const url = await newShare(app, environment);
      if (typeof url === "string") await showLink(environment.name, url);
    } else await change(app, environment, deed);
  }
}

function closeSheet({ currentTarget }: Event): void {
  if (currentTarget instanceof Element) currentTarget.closest("dialog")?.close();
}

async function fill(
  app: App,
  environmentId: string,
  { list, note, onPick }: { list: HTMLElement; note: HTMLElement; onPick(share: Share): void },
): Promise<void> {
  try {
    const shares = await app.calls.shares(environmentId);
    showRows(
      list,
      shares.map((share) => shareRow(share, () => onPick(share))),
    );
    setText(note, shares.length === 0 ? "Nobody else can open this environment." : whatGuestsSee);
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    showRows(list, []);
    setText(note, explain(error.failure));
  }
}

function shareRow(share: Share, onPick: () => void): HTMLElement {
  const facts = `${roleWords[share.role]} · ${expiryWords(share.expires_at, Date.now())}`;
  return factRow(
    titleOf(share),
    [el("span", {}, facts), el("span", {}, guestWords(share))],
    rowButton("Change", titleOf(share), onPick),
  );
}

const whatGuestsSee = "Guests see all that the shell prints; who may type can print the variables too.";

const roleWords = { viewer: "May watch", driver: "May type" } as const;

function titleOf({ kind, username, email }: Share): string {
  return kind === "link" ? "Anyone with the link" : (username ?? email ?? "");
}

const namedGuests = 3;

function guestWords({ guests }: Share): string {
  if (guests.length === 0) return "Not accepted yet";
  const names = guests.slice(0, namedGuests).map(({ username }) => username);
  const rest = guests.length - names.length;
  return `Accepted by ${names.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

async function change(app: App, { id }: Shared, share: Share): Promise<void> {
  const other = share.role === "viewer" ? "driver" : "viewer";
  const deed = await choose<"role" | "remove" | "revoke">(titleOf(share), [
    { label: other === "driver" ? "Let them type" : "Let them only watch", value: "role" },
    // Of the other kinds the only guest goes with the share.
    ...(share.kind === "link" && share.guests.length > 0
      ? [{ label: "Remove somebody…", value: "remove" as const }]
      : []),
    { label: "Revoke…", value: "revoke", isDangerous: true },
  ]);
  if (deed === "role") await app.calls.changeShare(id, share.id, other).then(() => toast("Changed."), toastFailure);
  if (deed === "remove") await removeOne(app, id, share);
  if (deed !== "revoke" || !(await isMeant(share))) return;
  await app.calls.revokeShare(id, share.id).then(() => toast("Revoked. They are out."), toastFailure);
}

async function removeOne(app: App, environmentId: string, share: Share): Promise<void> {
  const guest = await choose<Share["guests"][number]>(
    "Remove whom?",
    share.guests.map((each) => ({ label: each.username, value: each, isDangerous: true })),
  );
  if (guest === null) return;
  const removed = app.calls.removeGuest(environmentId, share.id, guest.id);
  await removed.then(() => toast(`${guest.username} is out, and cannot use this link again.`), toastFailure);
}

function isMeant(share: Share): Promise<boolean> {
  return confirm({
    title: "Revoke this share?",
    text: `${titleOf(share)}: whoever came in by it is shown out within seconds.`,
    action: "Revoke",
    isDangerous: true,
  });
}
