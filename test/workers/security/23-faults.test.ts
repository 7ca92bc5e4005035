/**
 * Check 23: with the database or Redis gone every operation still answers as it should: a problem body with the
 * request's id, 503 where it cannot go on, never a stack, and no secret in any body or log line.
 */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { app } from "../../../workers/app.ts";
import { newAdmin } from "../administration/support.ts";
import { newAddress, origin, type Person } from "../support/api.ts";
import { resolved, theDocument } from "../support/document.ts";

const metricsToken = "metrics-token-of-check-23";
const password = "Secret-Password-23";
const faults: Record<string, object> = {
  "the database": { ...env, NEON_FETCH_ENDPOINT: "http://127.0.0.1:9/sql" },
  Redis: { ...env, UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9" },
};

const operations = Object.entries(theDocument().paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    const content = operation.requestBody?.content?.["application/json"];
    const example = content?.example ?? (content?.schema && resolved(theDocument(), content.schema).example);
    return { route: `${method.toUpperCase()} ${path}`, example };
  }),
);
/** They end the session that the others need, or wait for what is not ours. */
const leftOut = /logout|DELETE \/api\/v1\/users\/me|\/google|change-password|auth\/sessions/;

let admin: Person;
beforeAll(async () => {
  admin = await newAdmin();
});
afterEach(() => vi.restoreAllMocks());

async function ask(bindings: object, route: string, example: unknown) {
  const [method = "GET", path = ""] = route.replaceAll(/\{\w+\}/g, `env_${"z".repeat(20)}`).split(" ");
  const isScrape = path === "/metrics";
  const token = isScrape ? metricsToken : admin.accessToken;
  const headers = {
    "cf-connecting-ip": newAddress(),
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
  };
  const hasBody = method !== "GET" && example !== undefined;
  const body = hasBody
    ? { body: JSON.stringify({ ...(example as object), password, current_password: password }) }
    : {};
  const context = createExecutionContext();
  // A server with a scrape token hands in its counts ten seconds after an answer: no other request has one here.
  const surroundings = (isScrape ? { ...bindings, METRICS_TOKEN: metricsToken } : bindings) as Env;
  const response = await app.fetch(new Request(origin + path, { method, headers, ...body }), surroundings, context);
  const text = await response.text();
  if (!isScrape) await waitOnExecutionContext(context);
  return { status: response.status, headers: response.headers, text };
}

describe.each(Object.entries(faults))("without %s", (name, bindings) => {
  it.each(operations.filter(({ route }) => !leftOut.test(route)))("$route answers", async ({ route, example }) => {
    const lines: string[] = [];
    for (const level of ["log", "warn", "error"] as const) {
      vi.spyOn(console, level).mockImplementation((...words) => lines.push(words.join(" ")));
    }
    const { status, headers, text } = await ask(bindings, route, example);
    const id = headers.get("x-request-id") ?? "";
    expect(id).toMatch(/^[a-z0-9]{20}$/);
    expect(status === 503 || status < 500, `${name}: ${status} ${text}\n${lines.join("\n")}`).toBe(true);
    if (status >= 400 && status !== 426) {
      expect(headers.get("content-type")).toBe("application/problem+json");
      expect(JSON.parse(text).request_id).toBe(id);
    }
    if (status === 503) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    // What is asked for may hold anything; a refusal nothing of ours.
    if (status >= 400)
      expect(text).not.toMatch(/\bat .*\.(ts|js):\d|127\.0\.0\.1|postgres(ql)?:|node_modules|\bselect \W/i);
    const secrets = [admin.accessToken, metricsToken, password, env["UPSTASH_REDIS_REST_TOKEN" as keyof typeof env]];
    for (const secret of secrets) expect(`${text}\n${lines.join("\n")}`).not.toContain(String(secret));
    expect(lines.join("\n")).not.toMatch(/postgres(ql)?:\/\/|params:/);
  });
});
