/** Check 9: no number of wrong logins by a stranger keeps the owner out of the devices they sign in from. */
import { describe, expect, it } from "vitest";
import { call, newAddress, newPerson } from "../support/api.ts";
import { deviceCookie, signIn } from "../support/devices.ts";

describe("after a stranger's 1,000 wrong logins", () => {
  it("the owner signs in from the address and with the cookie of before, and nobody from elsewhere", async () => {
    const { username, password, ...person } = await newPerson();
    const address = newAddress();
    const cookie = deviceCookie(await signIn({ username, password }, { address }));
    const statuses: number[] = [];
    for (const size of [10, ...Array<number>(33).fill(30)]) {
      const wrong = Array.from({ length: size }, () => signIn({ username, password: "wrong" }));
      statuses.push(...(await Promise.all(wrong)).map((answer) => answer.status));
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect((await signIn({ username, password })).body["code"]).toBe("account_locked");
    expect((await signIn({ username, password }, { address })).status).toBe(200);
    expect((await signIn({ username, password }, { cookie })).status).toBe(200);
    expect((await call("GET /api/v1/auth/me", { token: person.accessToken })).status).toBe(200);
  }, 120_000);
});
