/** The rule of the last administrator under race, in a database of its own: elsewhere others administer too. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../../workers/store/database.ts";
import { changePerson, stepDown } from "../../workers/store/people.ts";
import { type OwnDatabase, openOwnDatabase } from "./own-database.ts";

let own: OwnDatabase;
let db: Database;

beforeAll(async () => {
  own = await openOwnDatabase("administrators");
  db = own.db;
}, 30_000);
afterAll(() => own.close());

const now = new Date();

beforeEach(async () => {
  await db.execute(sql`delete from users`);
  await db.execute(sql`insert into users (id, username, email, role, is_active, deleted_at) values
    ('a', 'a', 'a@x', 'admin', true, null), ('b', 'b', 'b@x', 'admin', true, null),
    ('disabled', 'c', 'c@x', 'admin', false, null), ('gone', 'd', 'd@x', 'admin', true, now()),
    ('person', 'e', 'e@x', 'user', true, null)`);
});

describe("administrators", () => {
  it.each(Array.from({ length: 10 }, (_, round) => round))(
    "never take each other's rights until nobody is left, round %i",
    async (round) => {
      const outcomes = await Promise.all([
        changePerson(db, "a", { role: "user" }, now),
        round % 2 === 0 ? changePerson(db, "b", { isActive: false }, now) : stepDown(db, "b", now),
      ]);
      const kinds = outcomes.map((outcome) => (typeof outcome === "boolean" ? outcome : outcome.kind === "changed"));
      expect(kinds.sort()).toEqual([false, true]);
      const left = sql`select count(*)::int as n from users where role = 'admin' and is_active and deleted_at is null`;
      expect((await db.execute(left)).rows).toEqual([{ n: 1 }]);
    },
  );

  it("who are the last one stay, whatever else of them changes", async () => {
    expect(await stepDown(db, "b", now)).toBe(true);
    expect(await stepDown(db, "a", now)).toBe(false);
    const change = { role: "user", plan: "pro" } as const;
    expect(await changePerson(db, "a", change, now)).toEqual({ kind: "last_admin" });
    expect(await changePerson(db, "a", { plan: "pro" }, now)).toMatchObject({ kind: "changed" });
  });

  it("who cannot act are no last one, and people are none", async () => {
    await stepDown(db, "b", now);
    for (const id of ["disabled", "person"]) {
      expect(await changePerson(db, id, { role: "user", isActive: false }, now)).toMatchObject({ kind: "changed" });
    }
    expect(await changePerson(db, "gone", { role: "user" }, now)).toEqual({ kind: "not_found" });
    expect(await changePerson(db, "person", { role: "admin", isActive: true }, now)).toMatchObject({ kind: "changed" });
    expect(await stepDown(db, "a", now)).toBe(true);
  });
});
