/** What every answer of the Worker has in common: ids, headers, problems, paths, methods, bodies. */
import { describe, expect, it } from "vitest";
import { call, origin } from "../support/api.ts";

const register = "POST /api/v1/auth/register";

describe("every answer", () => {
  it.each(["GET /health", "GET /api/v1/nope", "GET /api/v1/auth/me", "POST /api/v1/auth/login"])(
    "has an id and the security headers: %s",
    async (route) => {
      const { headers } = await call(route);
      expect(headers.get("x-request-id")).toMatch(/^[a-z0-9]{20}$/);
      expect(headers.get("strict-transport-security")).toContain("max-age=31536000");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    },
  );

  it("echoes a sane request id and no other", async () => {
    const id = "abc123def456";
    expect((await call("GET /health", { headers: { "x-request-id": id } })).headers.get("x-request-id")).toBe(id);
    const hostile = await call("GET /health", { headers: { "x-request-id": 'x"} {"level":"error' } });
    expect(hostile.headers.get("x-request-id")).toMatch(/^[a-z0-9]{20}$/);
  });

  it("lets pages of no other origin in, and no page with a wildcard", async () => {
    const foreign = await call("GET /health", { headers: { origin: "https://evil.example" } });
    expect(foreign.headers.get("access-control-allow-origin")).toBeNull();
    const own = await call("GET /health", { headers: { origin } });
    expect(own.headers.get("access-control-allow-origin")).toBe(origin);
    const preflight = await call("OPTIONS /api/v1/auth/me", {
      headers: { origin: "https://evil.example", "access-control-request-method": "GET" },
    });
    expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("a problem", () => {
  it("has the members of RFC 9457 and those that older clients read", async () => {
    const { status, headers, body } = await call("GET /api/v1/nope");
    expect(status).toBe(404);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(body).toEqual({
      type: "about:blank",
      title: "Not Found",
      status: 404,
      detail: "Route not found",
      instance: "/api/v1/nope",
      error: "Not Found",
      message: "Route not found",
      code: "not_found",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      path: "/api/v1/nope",
      request_id: headers.get("x-request-id"),
    });
  });

  it("says which methods a path knows", async () => {
    const { status, headers, body } = await call("DELETE /api/v1/auth/login");
    expect(status).toBe(405);
    expect(headers.get("allow")).toBe("POST");
    expect(body["code"]).toBe("method_not_allowed");
  });

  it("tells malformed JSON from a failed validation", async () => {
    const malformed = await call(register, { raw: { body: "{", type: "application/json" } });
    expect([malformed.status, malformed.body["code"]]).toEqual([400, "malformed_json"]);
    const invalid = await call(register, { json: [] });
    expect([invalid.status, invalid.body["code"]]).toEqual([400, "invalid_input"]);
  });

  it("takes an empty body and one without a media type as JSON", async () => {
    const empty = await call(register, { raw: { body: "", type: "application/json" } });
    expect([empty.status, empty.body["code"]]).toEqual([400, "invalid_input"]);
    const untyped = await call("POST /api/v1/auth/login", {
      raw: { body: '{"username":"nobody","password":"x"}', type: null },
    });
    expect(untyped.status).toBe(401);
  });

  it("refuses other media types", async () => {
    const answer = await call(register, { raw: { body: "<a/>", type: "application/xml" } });
    expect([answer.status, answer.body["code"]]).toEqual([415, "unsupported_media_type"]);
  });

  it("refuses a body over 10 MB", async () => {
    const body = JSON.stringify({ username: "x".repeat(10 * 1024 * 1024) });
    const answer = await call(register, { raw: { body, type: "application/json" } });
    expect([answer.status, answer.body["code"]]).toEqual([413, "body_too_large"]);
  });
});

describe("system routes", () => {
  it.each(["/health", "/api/v1/health", "/health/"])(
    "%s tells the service, its version and Unix seconds",
    async (path) => {
      const { status, body } = await call(`GET ${path}`);
      expect(status).toBe(200);
      expect(body).toEqual({
        status: "healthy",
        service: "DevPocket API",
        version: "1.0.0",
        environment: "test",
        timestamp: expect.any(Number),
      });
      expect(Math.abs(Number(body["timestamp"]) - Date.now() / 1000)).toBeLessThan(60);
    },
  );

  it.each(["/health/live", "/api/v1/health/live"])("%s answers", async (path) => {
    expect((await call(`GET ${path}`)).body).toEqual({ status: "alive" });
  });

  it.each(["/health/ready", "/api/v1/health/ready"])("%s asks database and Redis", async (path) => {
    const { status, body } = await call(`GET ${path}`);
    expect([status, body]).toEqual([200, { status: "ready", checks: { database: "ok", redis: "ok", objects: "ok" } }]);
  });

  it("info tells features and limits", async () => {
    const { body } = await call("GET /api/v1/info");
    expect(body).toMatchObject({
      name: "DevPocket API",
      features: { authentication: true, google_oauth: true, websockets: true, rate_limiting: true },
      limits: { requests_per_minute: 100, sockets_per_user: 10 },
    });
  });
});
