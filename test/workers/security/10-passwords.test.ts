/** Check 10: a password counts to its last byte and in every way of writing the same letters, from end to end. */
import { describe, expect, it } from "vitest";
import { call, randomText } from "../support/api.ts";

async function registered(password: string): Promise<string> {
  const username = `u${randomText(12)}`;
  const json = { username, email: `${username}@example.com`, password };
  expect((await call("POST /api/v1/auth/register", { json })).status).toBe(201);
  return username;
}

const signIn = async (username: string, password: string) =>
  (await call("POST /api/v1/auth/login", { json: { username, password } })).status;

describe("a password", () => {
  it("of 73 bytes differs from its first 72 and from one with another last byte", async () => {
    const first72 = `Aa1${"x".repeat(69)}`;
    const username = await registered(`${first72}y`);
    expect(await signIn(username, first72)).toBe(401);
    expect(await signIn(username, `${first72}z`)).toBe(401);
    expect(await signIn(username, `${first72}y`)).toBe(200);
  });

  it("is the same however its letters are composed", async () => {
    const [composed, decomposed] = ["Caf\u00e9Password1", "Cafe\u0301Password1"];
    const username = await registered(decomposed);
    expect(await signIn(username, composed)).toBe(200);
    expect(await signIn(username, decomposed)).toBe(200);
  });

  it("may be 128 characters long, of more bytes than that", async () => {
    const password = `Aa1${"\u00fc".repeat(125)}`;
    const username = await registered(password);
    expect(await signIn(username, password)).toBe(200);
    expect(await signIn(username, `${password.slice(0, -1)}u`)).toBe(401);
  });
});
