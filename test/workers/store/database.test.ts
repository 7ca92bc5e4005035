/** The two ways to Postgres: one round trip over HTTP, and a connection for a transaction with an answer in it. */
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { failureIn } from "../../../workers/rules/failures.ts";
import { insertAccount } from "../../../workers/store/accounts.ts";
import {
  connectDatabase,
  pingDatabase,
  sqlErrorIn,
  uniqueViolation,
  withConnection,
} from "../../../workers/store/database.ts";
import { plans } from "../../../workers/store/schema/accounts.ts";
import { newDeps } from "../support/deps.ts";

describe("a connection of its own", () => {
  it("runs a transaction that reads what it wrote, and rolls it back", async () => {
    const deps = newDeps();
    const seen = await withConnection(deps.config.database, deps.waitUntil, (db) =>
      db
        .transaction(async (transaction) => {
          await transaction.execute(sql`update plans set requests_per_minute = 7 where id = 'starter'`);
          const rows = await transaction.select().from(plans).where(sql`id = 'starter'`);
          throw new Error(`seen ${rows[0]?.requestsPerMinute}`);
        })
        .catch((error: Error) => error.message),
    );
    await deps.settled();
    expect(seen).toBe("seen 7");
    const [starter] = await deps.db.select().from(plans).where(sql`id = 'starter'`);
    expect(starter?.requestsPerMinute).toBe(300);
  });
});

describe("two databases in one isolate", () => {
  it("are reached each by its own way, and observed each by its own", async () => {
    const { config } = newDeps();
    const observed: string[] = [];
    const observe = (name: string) => (seconds: number, outcome: string) => {
      expect(seconds).toBeGreaterThanOrEqual(0);
      observed.push(`${name} ${outcome}`);
    };
    const here = connectDatabase(config.database, observe("here"));
    const nowhere = { ...config.database, fetchEndpoint: "http://127.0.0.1:9/sql" };
    const away = connectDatabase(nowhere, observe("away"));
    await pingDatabase(here);
    expect(await pingDatabase(away).catch(failureIn)).toMatchObject({ kind: "unavailable", dependency: "database" });
    await here.batch([here.select().from(plans), here.select().from(plans)]);
    await here.execute(sql`select 1 / 0`).catch(() => {});
    expect(observed).toEqual(["here ok", "away failed", "here ok", "here refused"]);
  });
});

describe("a refused statement", () => {
  it("is told by its SQLSTATE and constraint, however it was wrapped", async () => {
    const { db, now, newId } = newDeps();
    const id = newId("usr");
    const account = {
      id,
      username: id,
      email: `${id}@example.com`,
      fullName: null,
      passwordHash: "x",
      isVerified: true,
    };
    const session = {
      id: newId("ses"),
      userId: id,
      refreshJtiHash: "x",
      refreshIssuedAt: now(),
      refreshExpiresAt: now(),
      absoluteExpiresAt: now(),
      userAgent: null,
      address: null,
      deviceHashes: [],
      createdAt: now(),
    };
    await insertAccount(db, { ...account, now: now() }, session);
    const again = { ...account, id: newId("usr"), email: `x${account.email}`, now: now() };
    const refused = await insertAccount(db, again, { ...session, id: newId("ses") }).catch(sqlErrorIn);
    expect(refused).toEqual({ code: uniqueViolation, constraint: "users_username_key" });
  });

  it("is told from anything else", () => {
    expect(sqlErrorIn(new Error("no"))).toBeNull();
    expect(sqlErrorIn(Object.assign(new Error("no"), { code: "ECONNREFUSED" }))).toBeNull();
    expect(sqlErrorIn("text")).toBeNull();
  });
});
