/** Tokens of bridges as an operator issues and ends them. */
import { randomBytes } from "node:crypto";
import { and, eq, gt, isNull, or } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { secretBytes, secretText } from "../../workers/rules/secrets.ts";
import { printable } from "../../workers/rules/texts.ts";
import { hashOf } from "../../workers/rules/tokens.ts";
import { bridgeTokens } from "../../workers/store/schema/catalog.ts";
import { newId } from "../ids.ts";
import { findCluster } from "./clusters.ts";
import { audited, Refused, type Told } from "./deed.ts";

/** A new token for a bridge of this cluster; only its hash is kept. */
export async function issueBridgeToken(
  db: NodePgDatabase,
  { cluster, name }: { cluster: string; name: string },
): Promise<Told> {
  if (name.length > 50 || !printable.test(name)) throw new Refused("a name has 1 to 50 printable characters");
  const token = secretText("bridgeToken", randomBytes(secretBytes));
  const { id, clusterName } = await audited(db, async (transaction) => {
    const { id: clusterId, name: clusterName } = await findCluster(transaction, cluster);
    const id = newId("brt");
    await transaction.insert(bridgeTokens).values({ id, clusterId, name, tokenHash: hashOf(token) });
    const target = { kind: "bridge_token", id } as const;
    return { id, clusterName, deed: { action: "bridge_token.issue", target, detail: { clusterId, name } } } as const;
  });
  return { words: `token ${id} speaks for cluster ${clusterName}; it is shown this once:`, output: token };
}

/** Ends a live token. */
export async function revokeBridgeToken(db: NodePgDatabase, { id }: { id: string }): Promise<Told> {
  const now = new Date();
  await audited(db, async (transaction) => {
    const isLive = or(isNull(bridgeTokens.revokedAt), gt(bridgeTokens.revokedAt, now));
    const ended = await transaction
      .update(bridgeTokens)
      .set({ revokedAt: now })
      .where(and(eq(bridgeTokens.id, id), isLive))
      .returning({ clusterId: bridgeTokens.clusterId });
    const [token] = ended;
    if (token === undefined) throw new Refused(`there is no live token ${JSON.stringify(id)}`);
    return {
      deed: { action: "bridge_token.revoke", target: { kind: "bridge_token", id }, detail: { ...token } },
    } as const;
  });
  return { words: `token ${id} is revoked; the links it opened close within a minute` };
}
