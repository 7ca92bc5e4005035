/** Use cases of an owner: offer an environment to somebody, see what was offered, change and revoke it. */
import type { GuestRole } from "../../../durable-objects/protocol/vocabulary.ts";
import { Failed } from "../../rules/failures.ts";
import { invitationMail } from "../../rules/mail-texts.ts";
import type { Principal } from "../../rules/principal.ts";
import { secretBytes, secretText } from "../../rules/secrets.ts";
import { type ShareKind, shareBounds, shareEnd } from "../../rules/sharing.ts";
import { hashOf } from "../../rules/tokens.ts";
import { removeGuest } from "../../store/sharing/guests.ts";
import {
  changeShareRole,
  guestIdsOf,
  insertShare,
  listShares,
  noteClosed,
  revokeShare,
  type Share,
} from "../../store/sharing/shares.ts";
import { mailAfterAnswer } from "../accounts/mailing.ts";
import { audit } from "../audit.ts";
import { countInvitation } from "../credential-limits.ts";
import type { Deps } from "../deps.ts";
import { openEnvironment, orLog, showOut } from "./access.ts";

export type { Share };

export interface AskedShare {
  kind: ShareKind;
  /** A user name or an e-mail address; null for a link. */
  addressee: string | null;
  role: GuestRole;
  expiresInSeconds: number | undefined;
}

export interface NewOffer {
  share: Share;
  /** What a link leads to and holds, told here and never again; null for the other kinds. */
  link: { secret: string; url: string } | null;
}

/**
 * Offers an environment. A name or an address that nobody has is answered like any other: the mail goes out either way,
 * and whoever is meant by a name finds the offer in their list and accepts it. Fails as `not_found`, `limit_reached`,
 * `already_exists` for a name it is offered to already, `invalid_input` for oneself, `too_many_requests` and, for an address where no mail can be sent, `unavailable`.
 */
export async function offerShare(
  deps: Deps,
  owner: Principal,
  { id, address, asked }: { id: string; address: string; asked: AskedShare },
): Promise<NewOffer> {
  const row = await openEnvironment(deps, owner, id, "manage");
  refuseOneself(owner, asked);
  if (asked.kind === "email") await mayInvite(deps, owner, address);
  const secret = asked.kind === "user" ? null : secretText("share", deps.randomBytes(secretBytes));
  const { kind, role, addressee } = asked;
  const createdAt = deps.now();
  const expiresAt = shareEnd(createdAt, asked.expiresInSeconds);
  const share = { id: deps.newId("shr"), kind, role, addressee, createdAt, expiresAt };
  const kept = { ...share, environmentId: row.id, createdBy: owner.userId, secretHash: secret && hashOf(secret) };
  const outcome = await insertShare(deps.db, kept, shareBounds.maxPerEnvironment);
  if (outcome !== "inserted") throw refusalOf(outcome);
  audit(deps, { ...about(owner, row.id), action: "share.create", detail: { share: share.id, kind, role } });
  deps.log("info", "environment shared", { environment_id: row.id, user_id: owner.userId, kind, role });
  const url = secret === null ? "" : `${deps.publicUrl}/#/share/${secret}`;
  if (kind === "email") mailInvitation(deps, owner, { share, url });
  return { share: { ...share, guests: [] }, link: kind === "link" && secret !== null ? { secret, url } : null };
}

function refusalOf(outcome: "full" | "offered_already"): Failed {
  if (outcome === "offered_already") return new Failed({ kind: "already_exists", what: "share", field: "username" });
  return new Failed({ kind: "limit_reached", what: "shares", limit: shareBounds.maxPerEnvironment });
}

function refuseOneself(owner: Principal, { kind, addressee }: AskedShare): void {
  const own = kind === "user" ? owner.username : owner.account.email;
  if (addressee?.toLowerCase() !== own.toLowerCase()) return;
  const field = kind === "user" ? "username" : "email";
  throw new Failed({ kind: "invalid_input", errors: [{ field, message: "This is you", code: "own_account" }] });
}

async function mayInvite(deps: Deps, owner: Principal, address: string): Promise<void> {
  if (deps.config.mail.sender.kind === "none") {
    throw new Failed({ kind: "unavailable", dependency: "mail", retryAfterSeconds: 3600 });
  }
  await countInvitation(deps, owner.userId, address);
}

function mailInvitation(
  deps: Deps,
  owner: Principal,
  { share, url }: { share: Omit<Share, "guests">; url: string },
): void {
  const { id, role, addressee, expiresAt } = share;
  const mail = invitationMail({ from: owner.username, role, link: url, expiresAt });
  mailAfterAnswer(deps, { id: owner.userId, email: addressee ?? "" }, mail, id);
}

/** What is offered now, the newest first, and who has accepted it. Fails as `not_found`. */
export async function readShares(deps: Deps, owner: Principal, id: string): Promise<Share[]> {
  const row = await openEnvironment(deps, owner, id, "manage");
  return listShares(deps.db, row.id, deps.now());
}

export interface NamedShare {
  environmentId: string;
  shareId: string;
}

/** Gives a share another role; its guests' sockets close, and dial again to have it. Fails as `not_found`. Without a role
 * it is answered as it is. */
export async function changeShare(
  deps: Deps,
  owner: Principal,
  { environmentId, shareId }: NamedShare,
  role: GuestRole | undefined,
): Promise<Share> {
  const row = await openEnvironment(deps, owner, environmentId, "manage");
  const asked = { environmentId: row.id, id: shareId, now: deps.now() };
  const isChanged = role !== undefined && (await changeShareRole(deps.db, { ...asked, role }));
  const share = (await listShares(deps.db, row.id, deps.now())).find(({ id }) => id === shareId);
  if (share === undefined) throw new Failed({ kind: "not_found", what: "share" });
  if (!isChanged) return share;
  audit(deps, { ...about(owner, row.id), action: "share.change", detail: { share: shareId, role } });
  const guests = share.guests.map(({ userId }) => userId);
  deps.waitUntil(orLog(deps, row.id, showOut(deps, row.id, guests)));
  return share;
}

/** Ends a share: its guests' sockets close within 5 s, at every terminal. Fails as `not_found`. */
export async function endShare(deps: Deps, owner: Principal, { environmentId, shareId }: NamedShare): Promise<void> {
  const row = await openEnvironment(deps, owner, environmentId, "manage");
  const isRevoked = await revokeShare(deps.db, row.id, shareId, deps.now());
  if (!isRevoked) throw new Failed({ kind: "not_found", what: "share" });
  audit(deps, { ...about(owner, row.id), action: "share.revoke", detail: { share: shareId } });
  deps.waitUntil(orLog(deps, row.id, closeShare(deps, row.id, shareId)));
}

/** Takes one guest out of a share, who may not accept it again: their sockets close within 5 s. Fails as `not_found`. */
export async function endGuest(
  deps: Deps,
  owner: Principal,
  { environmentId, shareId, userId }: NamedShare & { userId: string },
): Promise<void> {
  const row = await openEnvironment(deps, owner, environmentId, "manage");
  const isRemoved = await removeGuest(deps.db, { environmentId: row.id, shareId, userId, now: deps.now() });
  if (!isRemoved) throw new Failed({ kind: "not_found", what: "guest" });
  audit(deps, { ...about(owner, row.id), action: "share.remove_guest", detail: { share: shareId, guest: userId } });
  deps.waitUntil(orLog(deps, row.id, showOut(deps, row.id, [userId])));
}

/** Closes what the guests of a share that is over have open, and notes that it is done: else the sweep does it again. */
export async function closeShare(deps: Deps, environmentId: string, shareId: string): Promise<void> {
  await showOut(deps, environmentId, await guestIdsOf(deps.db, shareId));
  await noteClosed(deps.db, shareId, deps.now());
}

function about(actor: Principal, environmentId: string) {
  return { actor, target: { kind: "environment", id: environmentId } } as const;
}
