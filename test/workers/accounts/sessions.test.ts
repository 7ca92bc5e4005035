/** Who a request is, and how sessions and the sockets that hang on them end. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { SocketSelector, UserRpc } from "../../../durable-objects/protocol/objects.ts";
import { connectObjects } from "../../../workers/clients/objects.ts";
import { changePassword } from "../../../workers/domain/accounts/profile.ts";
import { authenticateToken, endSessions, refresh } from "../../../workers/domain/accounts/sessions.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { call, newAddress, newPerson, type Person, tokensIn } from "../support/api.ts";
import { newClock, newDeps } from "../support/deps.ts";

const me = (token: string) => call("GET /api/v1/auth/me", { token });

async function secondSession(person: Person) {
  const { username, password } = person;
  return tokensIn(await call("POST /api/v1/auth/login", { json: { username, password } }));
}

/** Deps that remember which sockets were asked to end, of whom. */
function listeningDeps(changes: Parameters<typeof newDeps>[0] = {}) {
  const ended: { userId: string; selector: SocketSelector; close: string }[] = [];
  const objects = connectObjects(env);
  const user = (userId: string): UserRpc => ({
    ...objects.user(userId),
    end: async (selector, close) => {
      ended.push({ userId, selector, close });
    },
  });
  return { ended, deps: newDeps({ objects: { ...objects, user }, ...changes }) };
}

describe("a signed-in request", () => {
  it("tells who it is under both paths and under /users/me", async () => {
    const person = await newPerson();
    for (const path of ["/auth/me", "/auth/profile", "/users/me", "/users/me/"]) {
      const { status, body } = await call(`GET /api/v1${path}`, { token: person.accessToken });
      expect(status).toBe(200);
      expect(body).toMatchObject({ id: person.userId, username: person.username, subscription_plan: "free" });
      expect(JSON.stringify(body)).not.toMatch(/hash|scrypt|lock|failed/i);
    }
  });

  it("is refused after its token's 24 hours", async () => {
    const person = await newPerson();
    const clock = newClock();
    clock.advanceSeconds(86_401);
    const asked = authenticateToken(newDeps({ now: clock.now }), person.accessToken);
    expect(await asked.catch(failureIn)).toEqual({ kind: "unauthenticated", reason: "expired" });
  });

  it("costs one round trip to the database", async () => {
    const person = await newPerson();
    const { db } = newDeps();
    let selects = 0;
    const counted = new Proxy(db, {
      get: (target, name) => {
        if (name === "select") selects += 1;
        return Reflect.get(target, name);
      },
    });
    await authenticateToken(newDeps({ db: counted }), person.accessToken);
    expect(selects).toBe(1);
  });

  it("notes once in a while that its session is in use", async () => {
    const person = await newPerson();
    const clock = newClock();
    clock.advanceSeconds(600);
    const deps = newDeps({ now: clock.now });
    await authenticateToken(deps, person.accessToken);
    await deps.settled();
    const again = newDeps({ now: clock.now, waitUntil: () => expect.unreachable("the session was noted just now") });
    await authenticateToken(again, person.accessToken);
  });
});

describe("ending sessions", () => {
  it("logout ends this session only", async () => {
    const person = await newPerson();
    const other = await secondSession(person);
    const answer = await call("POST /api/v1/auth/logout", { token: person.accessToken });
    expect(answer.body).toEqual({ message: "Successfully logged out" });
    expect((await me(person.accessToken)).status).toBe(401);
    expect((await me(other.accessToken)).status).toBe(200);
  });

  it("logout-all ends every session", async () => {
    const person = await newPerson();
    const other = await secondSession(person);
    expect((await call("POST /api/v1/auth/logout-all", { token: person.accessToken })).status).toBe(200);
    expect((await me(person.accessToken)).status).toBe(401);
    expect((await me(other.accessToken)).status).toBe(401);
  });

  it("closes the sockets of exactly the sessions that ended", async () => {
    const person = await newPerson();
    const { ended, deps } = listeningDeps();
    const principal = await authenticateToken(deps, person.accessToken);
    const { userId, sessionId } = principal;
    const passwords = { current: person.password, next: "Another1Pass", address: newAddress() };
    await changePassword(deps, principal, passwords);
    await endSessions(deps, principal, "this");
    await endSessions(deps, principal, "all");
    await deps.settled();
    const close = "sessionEnded";
    expect(ended).toEqual([
      { userId, selector: { exceptSessionId: sessionId }, close },
      { userId, selector: { sessionId }, close },
      { userId, selector: { sessionIds: [] }, close },
    ]);
  });

  it("closes the sockets of a session whose refresh token was replayed", async () => {
    const person = await newPerson();
    const clock = newClock();
    const { ended, deps } = listeningDeps({ now: clock.now });
    const { sessionId } = await authenticateToken(deps, person.accessToken);
    await refresh(deps, person.refreshToken);
    clock.advanceSeconds(31);
    expect(await refresh(deps, person.refreshToken).catch(failureIn)).toMatchObject({ kind: "unauthenticated" });
    expect(ended).toEqual([{ userId: person.userId, selector: { sessionId }, close: "sessionEnded" }]);
  });

  it("succeeds although the sockets' register does not answer, and logs it", async () => {
    const person = await newPerson();
    const lines: string[] = [];
    const objects = connectObjects(env);
    const user = (userId: string): UserRpc => ({
      ...objects.user(userId),
      end: () => Promise.reject(new Error("object reset")),
    });
    const deps = newDeps({ objects: { ...objects, user }, log: (level, msg) => lines.push(`${level} ${msg}`) });
    await endSessions(deps, await authenticateToken(deps, person.accessToken), "this");
    await deps.settled();
    expect(lines).toContain("error sockets of an ended session may be open");
  });
});
