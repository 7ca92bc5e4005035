/**
 * Check 2: who may do what, for every operation of the document. A person is no administrator, a token is good for its
 * scopes only, a bridge's token is nobody's; each refusal is counted in the audit log.
 */
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { type Scope, scopes } from "../../../workers/rules/principal.ts";
import { newAdmin } from "../administration/support.ts";
import { db, newPerson, newWorld } from "../environments/world.ts";
import { call } from "../support/api.ts";
import { theDocument } from "../support/document.ts";

/** Operations behind a person's token, with the scopes of which a personal token needs one; empty = a session only. */
const operations = Object.entries(theDocument().paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, { security = [] }]) => {
    if (!security.some((scheme) => "session" in scheme)) return [];
    const needed = security.flatMap((scheme) => scheme["personalToken"] ?? []) as Scope[];
    const route = `${method.toUpperCase()} ${path}`;
    return [{ route, request: route.replaceAll(/\{\w+\}/g, `env_${"z".repeat(20)}`), needed }];
  }),
);
const forAdministrators = operations.filter(({ needed }) => needed.includes("admin"));

const body = (request: string) => (/^(POST|PUT|PATCH)/.test(request) ? { json: {} } : {});
const ask = (request: string, token: string) => call(request, { token, ...body(request) });

const made = new Map<string, Promise<string>>();

/** A person's token with these scopes, made once: nobody may have many. */
function personalToken(token: string, allowed: readonly Scope[]): Promise<string> {
  const key = [token, ...allowed].join(" ");
  const json = { name: "check 2", scopes: allowed };
  const making =
    made.get(key) ?? call("POST /api/v1/auth/tokens", { token, json }).then(({ body }) => String(body["token"]));
  made.set(key, making);
  return making;
}

let person: { id: string; token: string };
let adminToken: string;
let bridgeToken: string;
let formerAdminsToken: string;

beforeAll(async () => {
  const former = await newAdmin();
  formerAdminsToken = await personalToken(former.accessToken, scopes);
  await db.execute(sql`update users set role = 'user' where id = ${former.userId}`);
  person = await newPerson();
  adminToken = (await newAdmin()).accessToken;
  bridgeToken = (await newWorld()).cluster.token;
});

it("finds the operations it speaks of", () => {
  expect(forAdministrators.length).toBeGreaterThan(8);
  expect(operations.length).toBeGreaterThan(forAdministrators.length + 20);
});

describe.each(forAdministrators)("$route", ({ request }) => {
  it("is refused to people, to a token of the scope admin whose person is none any more, and to one without it", async () => {
    const code = async (token: string) => {
      const answer = await ask(request, token);
      return `${answer.status} ${answer.body["code"]}`;
    };
    expect(await code(person.token)).toBe("403 admin_required");
    expect(await code(formerAdminsToken)).toBe("403 admin_required");
    const others = scopes.filter((scope) => scope !== "admin");
    expect(await code(await personalToken(adminToken, others))).toBe("403 insufficient_scope");
  });
});

describe.each(operations.filter(({ request }) => !/\/auth\/(tokens|logout)|\/ws\/(terminal|logs)/.test(request)))(
  "$route",
  (operation) => {
    const { request, needed } = operation;
    it("wants its own scope of a personal token, and no bridge's token", async () => {
      const others = scopes.filter((scope) => scope !== "admin" && !needed.includes(scope));
      const answer = await ask(request, await personalToken(person.token, others));
      expect([answer.status, answer.body["code"]]).toEqual([403, "insufficient_scope"]);
      expect((await ask(request, bridgeToken)).status).toBe(401);
    });
  },
);

describe("a refusal", () => {
  it("is counted for its actor, route and code", async () => {
    const stranger = await newPerson();
    await ask("GET /api/v1/users", stranger.token);
    await ask("GET /api/v1/users", stranger.token);
    await ask("GET /api/v1/audit", stranger.token);
    await vi.waitFor(async () => {
      const counted = await db.execute(sql`select route, code, sum(count)::int as count from audit_denials
        where actor = ${stranger.id} group by 1, 2 order by 1`);
      expect(counted.rows).toEqual([
        { route: "GET /api/v1/audit", code: "admin_required", count: 1 },
        { route: "GET /api/v1/users", code: "admin_required", count: 2 },
      ]);
    }, 10_000);
  });

  it.each(["GET /api/v1/bridge/desired", "POST /api/v1/bridge/report", "POST /api/v1/bridge/telemetry"])(
    "is what people get at %s",
    async (request) => {
      for (const token of [person.token, adminToken, await personalToken(adminToken, scopes)]) {
        expect((await ask(request, token)).status).toBe(401);
      }
    },
  );
});
