/** The table of errors in the contract, row by row: status, code, and the words the app looks for. */
import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { type SharedProduct, sharedProduct } from "../e2e/support/shared.ts";
import { type Answer, type App, newAccount, newApp } from "./app.ts";
import * as decode from "./decode.ts";

let product: SharedProduct;
let app: App;
let account: ReturnType<typeof newAccount>;

beforeAll(async () => {
  product = await sharedProduct();
  app = newApp(product.url);
  account = newAccount();
  await app.read(decode.registered, "POST", "/auth/register", account);
});

/** The problem of an answer, after what every one has was checked. */
function problemOf(answer: Answer) {
  const problem = decode.problem.parse(answer.body);
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  expect(problem.status).toBe(answer.status);
  expect(problem.message).toBe(problem.detail);
  expect(problem.path).toBe(problem.instance);
  expect(problem.request_id).toBe(answer.headers.get("x-request-id"));
  return problem;
}

async function raw(path: string, init: RequestInit): Promise<Answer> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${app.stored.access_token}`);
  const response = await fetch(`${product.url}/api/v1${path}`, { ...init, headers });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

describe("400", () => {
  it("malformed JSON", async () => {
    const headers = { "content-type": "application/json" };
    const answer = await raw("/environments", { method: "POST", headers, body: "{" });
    expect(answer.status).toBe(400);
    problemOf(answer);
  });

  it("failed validation names every field", async () => {
    const answer = await app.send("POST", "/auth/register", { username: "a", email: "b", password: "c" });
    expect(answer.status).toBe(400);
    const { errors = [], error } = problemOf(answer);
    expect(new Set(errors.map(({ field }) => field))).toEqual(new Set(["username", "email", "password"]));
    expect(error).toContain("Validation failed");
  });
});

describe("401", () => {
  it.each([undefined, "nonsense", "a.b.c"])("a token that is %s", async (token) => {
    const stranger = newApp(product.url);
    if (token !== undefined) stranger.stored.access_token = token;
    const answer = await stranger.send("GET", "/auth/me");
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    problemOf(answer);
  });
});

describe("403, 404 and 409", () => {
  it("a plan's limit", async () => {
    const answer = await app.send("POST", "/environments", {
      name: "large",
      template: "ubuntu",
      resources: { cpu: "64", memory: "512Gi" },
    });
    expect(answer.status).toBe(403);
    expect(problemOf(answer)).toMatchObject({ code: "quota_exceeded", detail: expect.stringContaining("limit") });
  });

  it("an unknown id and somebody else's, in the same body", async () => {
    const other = newApp(product.url);
    await other.read(decode.registered, "POST", "/auth/register", newAccount());
    const { id } = await other.read(decode.environment, "POST", "/environments", { name: "mine", template: "ubuntu" });
    const foreign = await app.send("GET", `/environments/${id}`);
    const missing = await app.send("GET", `/environments/env_${"z".repeat(20)}`);
    expect(foreign.status).toBe(404);
    const { title, detail, code, error } = problemOf(foreign);
    expect(problemOf(missing)).toMatchObject({ title, detail, code, error });
    await other.read(decode.message, "DELETE", `/environments/${id}?force=true`);
  });

  it("a taken name, and a state that does not allow the action", async () => {
    const taken = await newApp(product.url).send("POST", "/auth/register", account);
    expect(taken.status).toBe(409);
    problemOf(taken);
    const { id } = await app.read(decode.environment, "POST", "/environments", { name: "one", template: "ubuntu" });
    await app.read(decode.movement, "POST", `/environments/${id}/stop`);
    const refused = await app.send("POST", `/environments/${id}/restart`);
    expect(refused.status).toBe(409);
    expect(problemOf(refused)).toMatchObject({ code: "invalid_state" });
    expect((refused.body as { allowed: string[] }).allowed).toContain("start");
    await app.read(decode.message, "DELETE", `/environments/${id}`);
  });
});

it("405 for a method nobody handles, and 404 for a path nobody handles", async () => {
  const method = await app.send("PATCH", "/auth/login", {});
  expect(method.status).toBe(405);
  expect(method.headers.get("allow")).toContain("POST");
  problemOf(method);
  const path = await app.send("GET", "/nothing/here");
  expect(path.status).toBe(404);
  problemOf(path);
});

it("413 for a body over 10 MB", async () => {
  const body = JSON.stringify({
    name: randomBytes(11 * 1024 * 1024)
      .toString("hex")
      .slice(0, 11 * 1024 * 1024),
  });
  const answer = await raw("/environments", { method: "POST", headers: { "content-type": "application/json" }, body });
  expect(answer.status).toBe(413);
  problemOf(answer);
});

describe("429", () => {
  it("locks a login after five wrong passwords, says so, and leaves who is signed in alone", async () => {
    const victim = newApp(product.url);
    const locked = newAccount();
    await victim.read(decode.registered, "POST", "/auth/register", locked);
    const wrong = { username_or_email: locked.email, password: "WrongPass123!" };
    let answer = await newApp(product.url).send("POST", "/auth/login", wrong);
    for (let tries = 1; answer.status === 401 && tries < 10; tries += 1)
      answer = await newApp(product.url).send("POST", "/auth/login", wrong);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(problemOf(answer).detail).toContain("locked");
    expect((answer.body as { retry_after: number }).retry_after).toBeGreaterThan(0);
    await victim.read(decode.user, "GET", "/auth/me");
  });
});

it("answers every request with its id, and echoes a sane one", async () => {
  const own = await fetch(`${product.url}/health`);
  expect(own.headers.get("x-request-id")).toMatch(/^[a-z0-9]+$/);
  const echoed = await fetch(`${product.url}/health`, { headers: { "x-request-id": "abc123" } });
  expect(echoed.headers.get("x-request-id")).toBe("abc123");
});

it("tells its limits in both forms", async () => {
  const { headers } = await app.send("GET", "/auth/me");
  for (const name of [
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "ratelimit",
    "ratelimit-policy",
  ])
    expect(headers.get(name), name).toBeTruthy();
});
