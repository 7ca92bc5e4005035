/** The audit log for administrators: searched by pages that never skip, counted refusals, all of it as lines. */
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { sweepAudit } from "../../../workers/domain/audit-search.ts";
import { insertAuditEvent } from "../../../workers/store/audit.ts";
import { call, newPerson, type Person, randomText } from "../support/api.ts";
import { newDeps } from "../support/deps.ts";
import { db, newAdmin } from "./support.ts";

let admin: Person;
beforeAll(async () => {
  admin = await newAdmin();
});

const get = (path: string, token = admin.accessToken) => call(`GET /api/v1/audit${path}`, { token });

interface Event {
  id: string;
  at: string;
  actor: { kind: string; id: string | null };
  target: { kind: string; id: string } | null;
  outcome: string;
  detail: Record<string, unknown>;
}

/** Rows of one actor: `count` of them, by threes at the same time. */
async function history(count: number, start = Date.now() - 60_000): Promise<string> {
  const actorId = `usr_${randomText(20)}`;
  for (let number = 0; number < count; number += 1) {
    await insertAuditEvent(db, {
      at: new Date(start + Math.floor(number / 3) * 1000),
      actorId,
      actorKind: "user",
      action: number % 2 === 0 ? "account.change" : "token.create",
      targetKind: "user",
      targetId: `target-${actorId}`,
      outcome: number === 0 ? "failed" : "ok",
      address: null,
      requestId: "r",
      detail: { number },
    });
  }
  return actorId;
}

async function pages(path: string, key: "events" | "denials"): Promise<unknown[][]> {
  const found: unknown[][] = [];
  let cursor = "";
  for (;;) {
    const { body } = await get(`${path}${cursor}`);
    found.push(body[key] as unknown[]);
    if (body["next_cursor"] === null) return found;
    cursor = `&cursor=${body["next_cursor"]}`;
  }
}

const numbers = (events: unknown) => (events as Event[]).map((event) => event.detail["number"]);

describe("the audit search", () => {
  it("pages newest first without skipping rows of the same time", async () => {
    const actor = await history(10);
    const found = await pages(`?actor=${actor}&limit=4`, "events");
    expect(found.map((page) => numbers(page))).toEqual([
      [9, 8, 7, 6],
      [5, 4, 3, 2],
      [1, 0],
    ]);
  });

  it("filters by action, target, outcome and time", async () => {
    const start = Date.parse("2026-11-01T00:00:00Z");
    const actor = await history(6, start);
    const of = async (query: string) => numbers((await get(`?${query}`)).body["events"]);
    expect(await of(`target=target-${actor}&action=token.create`)).toEqual([5, 3, 1]);
    expect(await of(`actor=${actor}&outcome=failed`)).toEqual([0]);
    expect(await of(`actor=${actor}&from=2026-11-01T00:00:01Z`)).toEqual([5, 4, 3]);
    expect(await of(`actor=${actor}&to=2026-11-01T01:00:01%2B01:00`)).toEqual([2, 1, 0]);
    expect(await of("actor=usr_nobody")).toEqual([]);
  });

  it.each(["?limit=101", "?cursor=x", "?from=yesterday", "?outcome=maybe", "/denials?cursor=x", "/export?to=1"])(
    "refuses %s",
    async (path) => {
      expect((await get(path)).status).toBe(400);
    },
  );

  it("is for administrators, and counts who tries", async () => {
    const person = await newPerson();
    for (const path of ["", "/denials", "/export"]) {
      expect((await get(path, person.accessToken)).body["code"]).toBe("admin_required");
    }
    const query = `/denials?actor=${person.userId}&limit=2`;
    const routes = await vi.waitUntil(async () => {
      const rows = (await pages(query, "denials")).flat() as { route: string; count: number; code: string }[];
      return rows.length === 3 ? rows : undefined;
    }, 10_000);
    expect(routes.map(({ route }) => route).sort()).toEqual([
      "GET /api/v1/audit",
      "GET /api/v1/audit/denials",
      "GET /api/v1/audit/export",
    ]);
    expect(routes.every(({ count, code }) => count === 1 && code === "admin_required")).toBe(true);
  });
});

describe("the export", () => {
  it("is every row of a span, oldest first, in lines, over many pages, and is audited", async () => {
    const start = Date.now() - Math.floor((100 + Math.random() * 200) * 86_400_000);
    const actor = `usr_${randomText(20)}`;
    await db.execute(sql`insert into audit_events (at, actor_id, actor_kind, action, outcome, request_id, detail)
      select ${new Date(start).toISOString()}::timestamptz + make_interval(secs => n / 7), ${actor}, 'user', 'account.change',
        'ok', 'r', jsonb_build_object('number', n) from generate_series(0, 1233) n order by random()`);
    const span = `from=${new Date(start).toISOString()}&to=${new Date(start + 86_400_000).toISOString()}`;
    const answer = await get(`/export?${span}`);
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = answer.text.split("\n");
    expect(lines.pop()).toBe("");
    const events = lines.map((line) => JSON.parse(line) as Event).filter((event) => event.actor.id === actor);
    expect(events).toHaveLength(1234);
    expect(new Set(events.map((event) => event.id)).size).toBe(1234);
    expect(events.map((event) => event.at)).toEqual(events.map((event) => event.at).sort());
    const audited = await vi.waitUntil(async () => {
      const { body } = await get(`?actor=${admin.userId}&action=audit.export&limit=1`);
      return (body["events"] as Event[])[0];
    }, 10_000);
    expect(audited?.detail).toEqual({
      from: new Date(start).toISOString(),
      to: new Date(start + 86_400_000).toISOString(),
    });
  });
});

describe("retention", () => {
  it("lets go of events of a year ago and of denials of 90 days ago, and of nothing younger", async () => {
    const day = 86_400_000;
    const [old, young] = [await history(2, Date.now() - 367 * day), await history(2, Date.now() - 364 * day)];
    const actor = `address:${randomText(12)}`;
    for (const days of [91, 89]) {
      await db.execute(
        sql`insert into audit_denials values (now() - make_interval(days => ${days}), ${actor}, 'r', 'c', 1, null, 'r')`,
      );
    }
    await sweepAudit(newDeps());
    expect((await get(`?actor=${old}`)).body["events"]).toEqual([]);
    expect((await get(`?actor=${young}`)).body["events"]).toHaveLength(2);
    expect((await get(`/denials?actor=${actor}`)).body["denials"]).toHaveLength(1);
  });
});
