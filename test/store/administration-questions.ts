/** What administrators ask of large tables, for indexes.test.ts. */
import { deleteOldAuditEvents, listAuditEvents, listDenials } from "../../workers/store/audit-search.ts";
import type { Database } from "../../workers/store/database.ts";
import { outdateListsOf } from "../../workers/store/environments/outdated.ts";
import { forgetAttempts } from "../../workers/store/login-attempts.ts";
import { changePerson, findPerson, listPeople } from "../../workers/store/people.ts";
import { idOf } from "./large-database.ts";

const now = new Date();
const yesterday = new Date(now.getTime() - 86_400_000);
const user = idOf("usr", 77);
const events =
  (filter: object, cursor: number | null, order: "newest" | "oldest" = "newest") =>
  (db: Database) =>
    listAuditEvents(db, filter, { limit: 50, cursor, order });

export const administration: Record<string, (db: Database) => Promise<unknown>> = {
  "people by the beginning of a name": (db) => listPeople(db, { search: "Person777" }, { limit: 20, offset: 0 }, now),
  administrators: (db) => listPeople(db, { role: "admin" }, { limit: 20, offset: 0 }, now),
  "one person": (db) => findPerson(db, user, now),
  "a change of a person": (db) => changePerson(db, user, { role: "user", plan: "pro", isActive: true }, now),
  "what is desired where somebody has environments": (db) => outdateListsOf(db, { userId: user }),
  "the newest events": events({}, null),
  "events beyond a cursor": events({}, 10_000),
  "an export's next page": events({ from: new Date(0), to: now }, 10_000, "oldest"),
  "the events of an actor": events({ actor: user }, 10_000),
  "the events of a target": events({ target: user, outcome: "failed" }, null),
  "the events of a kind and time": events({ action: "password.change", from: yesterday, to: now }, null),
  "the newest denials": (db) => listDenials(db, {}, { limit: 50, cursor: null }),
  "denials beyond a cursor": (db) =>
    listDenials(db, {}, { limit: 50, cursor: { minute: yesterday, actor: "a", route: "b", code: "c" } }),
  "wrong passwords of one person": (db) => forgetAttempts(db, user),
  "events to forget": (db) => deleteOldAuditEvents(db, new Date(now.getTime() - 366 * 86_400_000), 1000),
};
