/** Check 6: POST /api/v1/auth/refresh: rotation, the grace window, replays, races and the absolute end. */
import { describe, expect, it } from "vitest";
import { refresh } from "../../../workers/domain/accounts/sessions.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { call, newPerson, tokensIn } from "../support/api.ts";
import { newClock, newDeps, type TestDeps } from "../support/deps.ts";

const overHttp = (refresh_token: string) => call("POST /api/v1/auth/refresh", { json: { refresh_token } });

/** The next refresh token, or why there is none. */
async function next(deps: TestDeps, token: string): Promise<string> {
  try {
    return (await refresh(deps, token)).refresh_token;
  } catch (error) {
    const failure = failureIn(error);
    if (failure?.kind !== "unauthenticated") throw error;
    return failure.reason;
  }
}

function expiryOf(token: string): number {
  const [, payload = ""] = token.split(".");
  return JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))).exp;
}

describe("refresh", () => {
  it("answers all four token fields with a new refresh token", async () => {
    const person = await newPerson();
    const { status, body } = await overHttp(person.refreshToken);
    expect(status).toBe(200);
    expect(Object.keys(body).sort()).toEqual(["access_token", "expires_in", "refresh_token", "token_type"]);
    expect(body["refresh_token"]).not.toBe(person.refreshToken);
    expect((await call("GET /api/v1/auth/me", { token: String(body["access_token"]) })).status).toBe(200);
  });

  it("takes the camelCase spelling", async () => {
    const { refreshToken } = await newPerson();
    expect((await call("POST /api/v1/auth/refresh", { json: { refreshToken } })).status).toBe(200);
  });

  it("returns the same successor for the old token within 30 s", async () => {
    const { refreshToken } = await newPerson();
    const clock = newClock();
    const deps = newDeps({ now: clock.now });
    const successor = await next(deps, refreshToken);
    clock.advanceSeconds(29);
    expect(await next(deps, refreshToken)).toBe(successor);
    expect(await next(deps, successor)).toMatch(/^ey/);
  });

  it("ends the family when the old token comes back after the window", async () => {
    const person = await newPerson();
    const clock = newClock();
    const deps = newDeps({ now: clock.now });
    const successor = await next(deps, person.refreshToken);
    clock.advanceSeconds(31);
    expect(await next(deps, person.refreshToken)).toBe("session_ended");
    expect(await next(deps, successor)).toBe("session_ended");
    expect((await call("GET /api/v1/auth/me", { token: person.accessToken })).status).toBe(401);
  });

  it("ends the family when a token two rotations old comes back within the window", async () => {
    const { refreshToken } = await newPerson();
    const deps = newDeps();
    const third = await next(deps, await next(deps, refreshToken));
    expect(await next(deps, refreshToken)).toBe("session_ended");
    expect(await next(deps, third)).toBe("session_ended");
  });

  it("gives 20 racing requests one and the same successor, and leaves the family alive", async () => {
    const { refreshToken } = await newPerson();
    const answers = await Promise.all(Array.from({ length: 20 }, () => overHttp(refreshToken)));
    expect(answers.map((answer) => answer.status)).toEqual(Array(20).fill(200));
    const successors = new Set(answers.map((answer) => tokensIn(answer).refreshToken));
    expect(successors.size).toBe(1);
    const [successor = ""] = successors;
    expect((await overHttp(successor)).status).toBe(200);
  });

  it("slides by 7 days and never past 90 days after signing in", async () => {
    const start = new Date();
    const clock = newClock(start);
    const deps = newDeps({ now: clock.now });
    let { refreshToken: token } = await newPerson();
    const endOfSession = Math.floor(start.getTime() / 1000) + 90 * 86_400;
    for (let day = 6; day <= 84; day += 6) {
      clock.advanceSeconds(6 * 86_400);
      token = await next(deps, token);
      expect(token).toMatch(/^ey/);
    }
    expect(Math.abs(expiryOf(token) - endOfSession)).toBeLessThanOrEqual(60);
    clock.advanceSeconds(7 * 86_400);
    expect(await next(deps, token)).toBe("expired");
  });

  it("refuses an access token and an expired refresh token", async () => {
    const person = await newPerson();
    expect((await overHttp(person.accessToken)).status).toBe(401);
    const clock = newClock();
    clock.advanceSeconds(8 * 86_400);
    expect(await next(newDeps({ now: clock.now }), person.refreshToken)).toBe("expired");
  });

  it("refuses the refresh token of a session that was logged out", async () => {
    const person = await newPerson();
    await call("POST /api/v1/auth/logout", { token: person.accessToken });
    const answer = await overHttp(person.refreshToken);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });
});
