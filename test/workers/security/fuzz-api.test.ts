/**
 * The whole API by its own document: every operation with parameters and bodies made of its schemas, by a stranger,
 * a person, an administrator and a personal token. Nothing is a fault of ours, and every answer is one that the
 * document tells. 500 cases here; more by `npm run fuzz` (FUZZ_CASES, FUZZ_SEED).
 */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import * as fc from "fast-check";
import { beforeAll, expect, inject, it } from "vitest";
import { app } from "../../../workers/app.ts";
import type { Operation } from "../../../workers/http/document.ts";
import { db, newWorld } from "../environments/world.ts";
import { newAddress, newPerson } from "../support/api.ts";
import { arbitraryOf, type Schema } from "../support/arbitrary.ts";
import { theDocument, validateAnswer } from "../support/document.ts";

interface Case {
  method: string;
  /** With its query. */
  path: string;
  actor: Actor;
  body: unknown;
}
type Actor = "stranger" | "person" | "administrator";

/** Most operations are done by the same few people; these end a session or change who one is, so a new person does them. */
const endsSomething = /logout|sessions|password|^delete \/api\/v1\/users\/me/;
/** What is no JSON, and what waits for something outside: they have tests of their own. */
const leftOut = /\/docs|\/redoc|\/auth\/google$|\/callback$/;

const operations = Object.entries(theDocument().paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
);
const fuzzed = operations.filter(({ path }) => !leftOut.test(path));
const bindings = {
  ...env,
  LIMIT_PHASE_WAIT_MS: "10",
  LIMIT_ENVIRONMENTS_PER_HOUR: "100000",
  LIMIT_CREDENTIAL_ATTEMPTS_PER_ADDRESS_PER_MINUTE: "100000",
  LOG_LEVEL: "error",
} as Env;

const tokens: Record<Actor, string | null> = { stranger: null, person: null, administrator: null };
let ids: string[];

beforeAll(async () => {
  const world = await newWorld(1000);
  tokens.person = world.person.token;
  const environment = (await world.create()).body.id;
  const admin = await newPerson();
  await db.execute(sql`update users set role = 'admin' where id = ${admin.userId}`);
  tokens.administrator = admin.accessToken;
  ids = [environment, world.template, world.cluster.id, world.cluster.tokenId, world.person.id, "python", "free", "me"];
});

const resolve = (ref: string) => (theDocument().components.schemas[ref.split("/").at(-1) ?? ""] ?? {}) as Schema;

function caseOf({ method, path, operation }: (typeof fuzzed)[number]): fc.Arbitrary<Case> {
  const content = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  return fc.record({
    method: fc.constant(method),
    path: fc.tuple(pathOf(path), queryOf(operation)).map(([filled, query]) => filled + query),
    actor: fc.constantFrom<Actor>("stranger", "person", "person", "administrator"),
    body: content === undefined ? fc.constant(undefined) : arbitraryOf(content as Schema, resolve),
  });
}

/** Ids that exist, and texts that are none; dots alone are gone from a path before a request is sent. */
function pathOf(pattern: string): fc.Arbitrary<string> {
  const parts = pattern.split("/").map((part) => {
    if (!part.startsWith("{")) return fc.constant(part);
    const known = fc.nat().map((at) => ids[at % ids.length] ?? "");
    const odd = fc.oneof(
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 80 }),
      fc.constantFrom("..x", "%", "a b"),
    );
    const text = odd.map((each) => (/^\.+$/.test(each) ? "dots" : each));
    return fc.oneof({ weight: 5, arbitrary: known }, { weight: 1, arbitrary: text }).map(encodeURIComponent);
  });
  return fc.tuple(...parts).map((texts) => texts.join("/"));
}

function queryOf({ parameters = [] }: Operation): fc.Arbitrary<string> {
  const inQuery = parameters.filter((parameter) => parameter.in === "query");
  const fields = inQuery.map(({ name, schema }) => [name, arbitraryOf((schema ?? {}) as Schema, resolve)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] }).map((values) => {
    const query = new URLSearchParams(Object.entries(values).map(([name, value]) => [name, textOf(value)]));
    return query.size === 0 ? "" : `?${query}`;
  });
}

function textOf(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).toWellFormed();
}

async function tokenFor({ actor, method, path }: Case): Promise<string | null> {
  const isLast = actor !== "stranger" && endsSomething.test(`${method} ${path}`);
  return isLast ? (await newPerson()).accessToken : tokens[actor];
}

async function send(asked: Case) {
  const token = await tokenFor(asked);
  const headers = new Headers({ "cf-connecting-ip": newAddress() });
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  if (asked.body !== undefined) headers.set("content-type", "application/json");
  const init: RequestInit = { method: asked.method.toUpperCase(), headers };
  if (asked.body !== undefined) init.body = JSON.stringify(asked.body) ?? "";
  const context = createExecutionContext();
  const response = await app.request(asked.path, init, bindings, context);
  const text = await response.text();
  await waitOnExecutionContext(context);
  const isJson = /[/+]json\b/.test(response.headers.get("content-type") ?? "");
  return { status: response.status, headers: response.headers, body: isJson && text !== "" ? JSON.parse(text) : text };
}

const settings = inject("fuzz");

it(`answers ${settings.cases} cases as the document tells, and never with a fault of its own`, async () => {
  const asked = fc.constantFrom(...fuzzed).chain(caseOf);
  await fc.assert(
    fc.asyncProperty(asked, async (each) => {
      const answer = await send(each);
      const told = `${each.method.toUpperCase()} ${each.path}`;
      expect(answer.status, `${told}: ${JSON.stringify(answer.body)}`).not.toBe(500);
      validateAnswer(told, answer);
    }),
    { numRuns: settings.cases, ...(settings.seed === null ? {} : { seed: settings.seed }), endOnFailure: true },
  );
}, 3_600_000);

it("tries every operation of the document but those that are left out by name", () => {
  expect(fuzzed.length).toBeGreaterThan(operations.length - 8);
});
