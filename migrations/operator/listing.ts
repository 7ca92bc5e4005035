/** What an installation has that an operator made, for people; never a secret. */
import { and, asc, eq, gt, isNull, or } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { users } from "../../workers/store/schema/accounts.ts";
import { bridgeTokens, clusters } from "../../workers/store/schema/catalog.ts";
import type { Told } from "./deed.ts";

/** Administrators, clusters and the live tokens of their bridges, a line each. */
export async function listAll(db: NodePgDatabase): Promise<Told> {
  const admins = await db
    .select({ id: users.id, username: users.username, email: users.email })
    .from(users)
    .where(and(eq(users.role, "admin"), isNull(users.deletedAt)))
    .orderBy(asc(users.username));
  const places = await db.select().from(clusters).orderBy(asc(clusters.name));
  const isLive = or(isNull(bridgeTokens.revokedAt), gt(bridgeTokens.revokedAt, new Date()));
  const tokens = await db.select().from(bridgeTokens).where(isLive).orderBy(asc(bridgeTokens.createdAt));
  const lines = [
    "administrators",
    ...listed(admins.map(({ id, username, email }) => `${id}  ${username} <${email}>`)),
    "clusters",
    ...listed(
      places.flatMap(({ id, name, region, status, isDefault, lastSeenAt }) => [
        `${id}  ${name}  ${region}  ${status}${isDefault ? "  default" : ""}  bridge last seen ${seen(lastSeenAt)}`,
        ...tokens
          .filter(({ clusterId }) => clusterId === id)
          .map((token) => `  ${token.id}  token ${JSON.stringify(token.name)}  last used ${seen(token.lastUsedAt)}`),
      ]),
    ),
  ];
  return { output: lines.join("\n") };
}

function listed(lines: string[]): string[] {
  return lines.length === 0 ? ["  none"] : lines.map((line) => `  ${line}`);
}

function seen(time: Date | null): string {
  return time === null ? "never" : time.toISOString();
}
