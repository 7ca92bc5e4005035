/**
 * Check 7: neither status nor body of login, forgotten password, another verification or a refused registration tells
 * whether an address has an account. Times are for the benchmark.
 */
import { describe, expect, it } from "vitest";
import { type Answer, call, newPerson, randomText } from "../support/api.ts";

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
