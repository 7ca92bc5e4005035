/** What clients are told when a dependency is gone or the server is not configured: never a stack, never a secret. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { app } from "../../../workers/app.ts";
import { origin } from "../support/api.ts";

/** Nobody listens on the discard port. */
const nowhere = "http://127.0.0.1:9";
const noDatabase = { ...env, NEON_FETCH_ENDPOINT: `${nowhere}/sql` };
/** Objects that do not know the question: what a Worker meets that was deployed before its objects. */
const noMeter = { ...env, METERS: env.TERMINALS };
const noRedis = { ...env, UPSTASH_REDIS_REST_TOKEN: "revoked" };

async function ask(bindings: object, path: string, init: RequestInit = {}) {
  const context = createExecutionContext();
  const response = await app.fetch(new Request(`${origin}${path}`, init), bindings as Env, context);
  await waitOnExecutionContext(context);
  const text = await response.text();
  expect(text).not.toMatch(/\bat .*\.(ts|js):\d|127\.0\.0\.1|postgres:|select |token=/i);
  expect(response.headers.get("x-request-id")).toMatch(/^[a-z0-9]{20}$/);
  return { status: response.status, headers: response.headers, body: JSON.parse(text) };
}

const login = {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ username_or_email: "ada", password: "S3cretWord" }),
};

afterEach(() => vi.restoreAllMocks());

describe("a fault", () => {
  it("of the database is a 503 that says when to come back", async () => {
    const { status, headers, body } = await ask(noDatabase, "/api/v1/auth/login", login);
    expect([status, body.code, body.retry_after]).toEqual([503, "unavailable", 5]);
    expect(headers.get("retry-after")).toBe("5");
  });

  it("of the database, Redis or the objects is told by the readiness check", async () => {
    const database = await ask(noDatabase, "/health/ready");
    expect([database.status, database.body.checks]).toEqual([503, { database: "down", redis: "ok", objects: "ok" }]);
    const redis = await ask(noRedis, "/health/ready");
    expect(redis.body.checks.redis).toBe("down");
    const objects = await ask(noMeter, "/health/ready");
    expect([objects.status, objects.body.checks]).toEqual([503, { database: "ok", redis: "ok", objects: "down" }]);
  });

  it("of Redis does not stop a read", async () => {
    expect((await ask(noRedis, "/api/v1/info")).status).toBe(200);
  });

  it("of the configuration is told to the log by name and to clients not at all", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    const { status, body } = await ask({ ...env, JWT_KEYS: "s3cret" }, "/api/v1/info");
    expect([status, body.code]).toEqual([503, "misconfigured"]);
    expect(JSON.stringify(body)).not.toContain("JWT_KEYS");
    expect(printed.mock.calls.join()).toContain("JWT_KEYS");
    expect(printed.mock.calls.join()).not.toContain("s3cret");
  });

  it("nobody expected is a 500 with its id, and its stack stays in the log", async () => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => {});
    const asked = ask({ ...env, ASSETS: undefined }, "/");
    const { status, body } = await asked;
    expect([status, body.code]).toEqual([500, "internal"]);
    const line = printed.mock.calls.map(([text]) => JSON.parse(String(text))).find((entry) => entry.stack);
    expect(line).toMatchObject({ level: "error", msg: "unexpected error", request_id: body.request_id });
  });
});

describe("the log", () => {
  it("has one line a request, with the route's pattern and no secret", async () => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => {});
    await ask(noRedis, "/api/v1/info?token=s3cret", { headers: { authorization: "Bearer s3cret" } });
    const lines = printed.mock.calls.map(([text]) => JSON.parse(String(text)));
    expect(lines.filter((line) => line.msg === "request")).toEqual([
      {
        ts: expect.any(String),
        level: "info",
        msg: "request",
        request_id: expect.any(String),
        route: "GET /api/v1/info",
        status: 200,
        duration_ms: expect.any(Number),
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain("s3cret");
  });

  it.each([
    ["/api/v1/bridge/desired", "GET /api/v1/bridge/desired"],
    ["/api/v1/templates/python", "GET /api/v1/templates/:id"],
    ["/health/", "GET /health"],
    ["/api/v1/nowhere/s3cret", "GET *"],
  ])("names the route of %s", async (path, route) => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => {});
    await ask(env, path);
    const lines = printed.mock.calls.map(([text]) => JSON.parse(String(text)));
    expect(lines.find((line) => line.msg === "request")?.route).toBe(route);
  });

  it("never quotes the values of a query that failed", async () => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => {});
    await ask(noDatabase, "/api/v1/auth/login", login);
    await ask(noDatabase, "/health/ready");
    expect(printed.mock.calls.join("\n")).not.toMatch(/S3cretWord|params:|"ada"/);
  });
});
