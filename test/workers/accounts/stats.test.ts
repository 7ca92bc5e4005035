/** GET /api/v1/users/me/stats and what the sweep forgets. */
import { describe, expect, it } from "vitest";
import { login } from "../../../workers/domain/accounts/login.ts";
import { authenticateToken, endSessions } from "../../../workers/domain/accounts/sessions.ts";
import { sweepAccounts } from "../../../workers/domain/accounts/sweep.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { findSession } from "../../../workers/store/sessions.ts";
import { call, newPerson } from "../support/api.ts";
import { newClock, newDeps } from "../support/deps.ts";

describe("one's own numbers", () => {
  it("count live sessions and environments by status", async () => {
    const { accessToken: token, username, password } = await newPerson();
    await call("POST /api/v1/auth/login", { json: { username, password } });
    const { status, body } = await call("GET /api/v1/users/me/stats", { token });
    expect(status).toBe(200);
    expect(body).toEqual({
      total_environments: 0,
      environments_by_status: { creating: 0, running: 0, stopped: 0, terminated: 0, error: 0 },
      active_sessions: 2,
      recent_activity: [],
    });
  });
});

/** Other tests share the tables: what is to be forgotten is made in the past, and the sweep runs now. */
const daysAgo = (days: number) => newClock(new Date(Date.now() - days * 86_400_000));
const device = { address: "10.0.0.1", userAgent: null, cookie: null };

describe("the sweep", () => {
  it("forgets sessions a month after they ended, and no later one", async () => {
    const { username, password } = await newPerson();
    const endedDaysAgo = async (days: number) => {
      const deps = newDeps({ now: daysAgo(days).now });
      const { tokens } = await login(deps, { name: username, password }, device);
      const principal = await authenticateToken(deps, tokens.access_token);
      await endSessions(deps, principal, "this");
      return principal.sessionId;
    };
    const long = await endedDaysAgo(31);
    const lately = await endedDaysAgo(29);
    const deps = newDeps();
    await sweepAccounts(deps);
    expect(await findSession(deps.db, long)).toBeNull();
    expect(await findSession(deps.db, lately)).not.toBeNull();
  });

  it("forgets wrong passwords of the day before", async () => {
    const { username } = await newPerson();
    const wrong = (now: () => Date) =>
      login(newDeps({ now, limits: { credentialFailuresPerMinute: 100 } }), { name: username, password: "x" }, device);
    const { now } = daysAgo(2);
    for (let attempts = 0; attempts < 4; attempts += 1) await wrong(now).catch(failureIn);
    await sweepAccounts(newDeps());
    for (let attempts = 0; attempts < 5; attempts += 1) {
      expect(await wrong(() => new Date()).catch(failureIn)).toEqual({ kind: "wrong_credentials" });
    }
  });
});
