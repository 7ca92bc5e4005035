/** What an operator does is done together with its audit row, or not at all. */
import { randomBytes } from "node:crypto";
import { userInfo } from "node:os";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { auditEvents } from "../../workers/store/schema/audit.ts";

/** What is said afterwards: words for people, and what stdout is for, a secret or a list. */
export interface Told {
  words?: string;
  output?: string;
}

/** What cannot be done as asked, in words for the operator. */
export class Refused extends Error {}

export interface Deed {
  action: "account.register" | "cluster.create" | "bridge_token.issue" | "bridge_token.revoke";
  target: { kind: "user" | "cluster" | "bridge_token"; id: string };
  detail: Record<string, unknown>;
}

/** Runs `work`, which tells what it did, in one transaction with the row that keeps it. */
export async function audited<Result extends { deed: Deed }>(
  db: NodePgDatabase,
  work: (transaction: NodePgDatabase) => Promise<Result>,
): Promise<Result> {
  return db.transaction(async (transaction) => {
    const result = await work(transaction);
    const { action, target, detail } = result.deed;
    await transaction.insert(auditEvents).values({
      at: new Date(),
      actorKind: "operator",
      action,
      targetKind: target.kind,
      targetId: target.id,
      outcome: "ok",
      requestId: `operator${randomBytes(8).toString("hex")}`,
      detail: { ...detail, by: operatorName() },
    });
    return result;
  });
}

/** The account of the machine this runs under: nobody is signed in. */
function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown"; // an id without a name, as containers have
  }
}
