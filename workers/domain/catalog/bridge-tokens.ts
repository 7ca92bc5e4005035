/**
 * The tokens by which bridges speak for a cluster: shown once, kept as a hash, replaced without an interruption, and
 * ended together with the links they opened.
 */
import { Failed, rootCause } from "../../rules/failures.ts";
import type { Principal } from "../../rules/principal.ts";
import { secretBytes, secretText } from "../../rules/secrets.ts";
import { hashOf } from "../../rules/tokens.ts";
import {
  type BridgeTokenRow,
  insertBridgeToken,
  listBridgeTokens,
  listEndedTokens,
  replaceBridgeToken,
  revokeBridgeToken,
} from "../../store/catalog/bridge-tokens.ts";
import { type AuditAction, audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { clusterIdOf } from "./clusters.ts";

/** How long a replaced token is still good: long enough to bring the new one to its bridge. */
const graceMs = 10 * 60_000;
/** Links of tokens that ended so long ago are closed, whatever happened to those who tried before. */
const sweptMs = 15 * 60_000;

export type BridgeToken = Pick<BridgeTokenRow, "id" | "clusterId" | "name" | "createdAt" | "lastUsedAt" | "revokedAt">;
/** `token` is shown this once. */
export interface IssuedToken extends BridgeToken {
  token: string;
}

/** The live tokens of a cluster; never a secret. */
export async function readBridgeTokens(deps: Deps, cluster: string): Promise<BridgeToken[]> {
  return listBridgeTokens(deps.db, await clusterIdOf(deps, cluster), deps.now());
}

/** A new token for a bridge of this cluster. */
export async function issueBridgeToken(
  deps: Deps,
  admin: Principal,
  cluster: string,
  name: string,
): Promise<IssuedToken> {
  const clusterId = await clusterIdOf(deps, cluster);
  const made = newToken(deps);
  await insertBridgeToken(deps.db, { ...made.row, clusterId, name });
  note(deps, admin, "bridge_token.issue", made.row.id, { clusterId, name });
  return { ...made.row, clusterId, name, lastUsedAt: null, revokedAt: null, token: made.token };
}

/**
 * A new token in the place of one. The old one is good for ten more minutes, or not at all. `not_found` for one that
 * is not there, was ended or was replaced before.
 */
export async function rotateBridgeToken(
  deps: Deps,
  admin: Principal,
  asked: { cluster: string; tokenId: string; isImmediate: boolean },
): Promise<{ issued: IssuedToken; oldEndsAt: Date }> {
  const clusterId = await clusterIdOf(deps, asked.cluster);
  const made = newToken(deps);
  const oldEndsAt = new Date(deps.now().getTime() + (asked.isImmediate ? 0 : graceMs));
  const name = await replaceBridgeToken(deps.db, { id: asked.tokenId, clusterId, endsAt: oldEndsAt }, made.row);
  if (name === null) throw new Failed({ kind: "not_found", what: "token" });
  note(deps, admin, "bridge_token.rotate", asked.tokenId, { clusterId, replacedBy: made.row.id, oldEndsAt });
  if (asked.isImmediate) await endLinks(deps, [{ id: asked.tokenId, clusterId }]);
  const issued = { ...made.row, clusterId, name, lastUsedAt: null, revokedAt: null, token: made.token };
  return { issued, oldEndsAt };
}

/** Ends a token and the links it opened. */
export async function endBridgeToken(deps: Deps, admin: Principal, cluster: string, tokenId: string): Promise<void> {
  const clusterId = await clusterIdOf(deps, cluster);
  const wasLive = await revokeBridgeToken(deps.db, clusterId, tokenId, deps.now());
  if (!wasLive) throw new Failed({ kind: "not_found", what: "token" });
  note(deps, admin, "bridge_token.revoke", tokenId, { clusterId });
  await endLinks(deps, [{ id: tokenId, clusterId }]);
}

/**
 * Closes the links of tokens that have ended: those whose ten minutes are over, and those that an object which could
 * not be reached, or a link that was opening at that very moment, left behind. Every minute.
 */
export async function sweepBridgeTokens(deps: Deps): Promise<void> {
  const now = deps.now();
  await endLinks(deps, await listEndedTokens(deps.db, new Date(now.getTime() - sweptMs), now));
}

/** The rows are what counts: a link that could not be closed now is closed by the sweep. */
export async function endLinks(deps: Deps, tokens: readonly { id: string; clusterId: string }[]): Promise<void> {
  const ended = await Promise.allSettled(tokens.map(({ id, clusterId }) => deps.objects.cluster(clusterId).revoke(id)));
  for (const outcome of ended) {
    if (outcome.status === "fulfilled") continue;
    deps.log("error", "links of an ended token were not closed", { error: rootCause(outcome.reason).message });
  }
}

function newToken(deps: Deps) {
  const token = secretText("bridgeToken", deps.randomBytes(secretBytes));
  return { token, row: { id: deps.newId("brt"), tokenHash: hashOf(token), createdAt: deps.now() } };
}

function note(deps: Deps, admin: Principal, action: AuditAction, id: string, detail: Record<string, unknown>): void {
  audit(deps, { action, actor: admin, target: { kind: "bridge_token", id }, detail });
}
