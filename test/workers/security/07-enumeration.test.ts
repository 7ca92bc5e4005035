/**
 * Check 7: neither status nor body of login, forgotten password, another verification or a refused registration tells
 * whether an address has an account, and the work before the answer is the same. Times are for the benchmark.
 */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { app } from "../../../workers/app.ts";
import { login } from "../../../workers/domain/accounts/login.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { type Answer, call, newAddress, newPerson, origin, randomText } from "../support/api.ts";
import { newDeps } from "../support/deps.ts";

/** Everything of an answer but the ids and times of its request. */
function told({ status, headers, body }: Answer) {
  const { request_id, timestamp, ...rest } = body;
  const names = [...headers.keys()].sort();
  return { status, rest, names };
}

const questions: Record<string, (email: string) => Promise<Answer>> = {
  login: (email) => call("POST /api/v1/auth/login", { json: { email, password: "Wrong1Password" } }),
  "a forgotten password": (email) => call("POST /api/v1/auth/forgot-password", { json: { email } }),
  "another verification": (email) => call("POST /api/v1/auth/resend-verification", { json: { email } }),
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(Object.entries(questions))("%s", (_, ask) => {
  it("answers a known and an unknown address alike", async () => {
    const { email } = await newPerson();
    const [known, unknown] = [await ask(email), await ask(`nobody-${email}`)];
    expect(told(known)).toEqual(told(unknown));
  });
});

it("registering tells not which of the two names is taken", async () => {
  const known = await newPerson();
  const register = (changes: object) => {
    const username = `u${randomText(12)}`;
    const json = { username, email: `${username}@example.com`, password: "SecurePass123!", ...changes };
    return call("POST /api/v1/auth/register", { json });
  };
  const [byName, byEmail] = [await register({ username: known.username }), await register({ email: known.email })];
  expect(told(byName)).toEqual(told(byEmail));
});

/** The log lines of a request for mail to a server whose database is gone, and its status. */
async function askWithoutDatabase(path: string, email: string) {
  const lines = vi.spyOn(console, "log").mockImplementation(() => {});
  const context = createExecutionContext();
  const headers = { "content-type": "application/json", "cf-connecting-ip": newAddress() };
  const request = new Request(`${origin}${path}`, { method: "POST", headers, body: JSON.stringify({ email }) });
  const bindings = { ...env, NEON_FETCH_ENDPOINT: "http://127.0.0.1:9/sql" } as Env;
  const { status } = await app.fetch(request, bindings, context);
  await waitOnExecutionContext(context);
  return { status, log: lines.mock.calls.join("\n") };
}

it.each(["forgot-password", "resend-verification"])("%s is answered before the database is asked", async (name) => {
  const { email } = await newPerson();
  const { status, log } = await askWithoutDatabase(`/api/v1/auth/${name}`, email);
  expect(status).toBe(200);
  expect(log).toContain("mail was not prepared");
  expect(log).not.toContain(email);
});

it("a wrong login asks as much of database and Redis for a known name as for an unknown one", async () => {
  const requests = new AsyncLocalStorage<string[]>();
  const send = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
    // The audit row of a known account is written after the answer, for whoever reads it.
    const isAudit = String(init?.body).includes("audit_events");
    if (!isAudit) requests.getStore()?.push(new URL(String(input)).pathname);
    return send(input, init);
  });
  const { username } = await newPerson();
  async function asked(name: string): Promise<string[]> {
    const paths: string[] = [];
    const device = { address: newAddress(), userAgent: null, cookie: null };
    const failed = requests.run(paths, () => login(newDeps(), { name, password: "wrong" }, device).catch(failureIn));
    expect(await failed).toEqual({ kind: "wrong_credentials" });
    return paths.sort();
  }
  const [known, unknown] = [await asked(username), await asked(`nobody${username}`)];
  expect(known).toEqual(unknown);
  expect(known.filter((path) => path === "/sql")).toHaveLength(2);
});
