/**
 * Check 5: after logout, a new password, disabling and deletion nothing of a session works, sockets included; and
 * nothing else ends a socket, the expiry of its access token least of all.
 */
import { sql } from "drizzle-orm";
import { describe, expect, it, vi } from "vitest";
import { timing } from "../../../durable-objects/protocol/timing.ts";
import { newSession } from "../../../workers/domain/accounts/session-tokens.ts";
import { signToken, verifyToken } from "../../../workers/rules/tokens.ts";
import { findCredentials, updatePassword } from "../../../workers/store/accounts.ts";
import { recordSignIn } from "../../../workers/store/sign-in.ts";
import { api, db, type Person } from "../environments/world.ts";
import { call, newAddress, newPerson, tokensIn } from "../support/api.ts";
import { newDeps } from "../support/deps.ts";
import { bearer, closeOf, dial, offering, open, refusal, running, terminalPath } from "../support/sockets.ts";

interface Ends {
  token: string;
  sessionId: string;
  password: string;
}

/** How each thing can end, told by the route or by hand. */
const ends: Record<string, (ends: Ends) => Promise<unknown>> = {
  logout: ({ token }) => call("POST /api/v1/auth/logout", { token }),
  "logout everywhere": ({ token }) => call("POST /api/v1/auth/logout-all", { token }),
  "the end of the session from another device": ({ token, sessionId }) =>
    call(`DELETE /api/v1/auth/sessions/${sessionId}`, { token }),
  deletion: ({ token, password }) => call("DELETE /api/v1/users/me", { token, json: { password } }),
};

const password = "SecurePass123!";

/** Another session of the same person. */
async function signIn(person: Person) {
  const { rows } = await db.execute(sql`select username from users where id = ${person.id}`);
  return tokensIn(await call("POST /api/v1/auth/login", { json: { username: rows[0]?.["username"], password } }));
}

const sessionOf = async (token: string) =>
  (await verifyToken(newDeps().config.tokens, "access", token, new Date())).sessionId;

describe.each(Object.entries(ends))("after %s", (_, end) => {
  it("access, refresh, tickets and sockets are dead", async () => {
    const { person, id } = await running();
    const tokens = await signIn(person);
    const token = tokens.accessToken;
    const viewer = await open(terminalPath(id), bearer(token));
    const body = { environment_id: id, kind: "terminal" };
    const { ticket } = (await api<{ ticket: string }>("POST", "/api/v1/ws/tickets", { token, body })).body;
    await end({ token, sessionId: await sessionOf(token), password });
    await vi.waitUntil(() => viewer.closed, timing.sessionEndMs);
    expect((await call("GET /api/v1/auth/me", { token })).status).toBe(401);
    const refreshed = await call("POST /api/v1/auth/refresh", { json: { refresh_token: tokens.refreshToken } });
    expect(refreshed.status).toBe(401);
    expect(await refusal(await dial(terminalPath(id), bearer(token)))).toBe("unauthenticated");
    expect(await refusal(await dial(terminalPath(id), offering("devpocket.v1", ticket)))).toBe("unauthenticated");
  });
});

describe("a new password", () => {
  it("ends the sockets of other sessions and of personal tokens, and leaves its own", async () => {
    const { person, id } = await running();
    const other = (await signIn(person)).accessToken;
    const json = { name: "script", scopes: ["terminal"] };
    const personal = String((await call("POST /api/v1/auth/tokens", { token: person.token, json })).body["token"]);
    const own = await open(terminalPath(id), bearer(person.token));
    const ended = [await open(terminalPath(id), bearer(other)), await open(terminalPath(id), bearer(personal))];
    const passwords = { current_password: password, new_password: "Another1Pass" };
    await call("POST /api/v1/auth/change-password", { token: person.token, json: passwords });
    for (const viewer of ended) expect(await closeOf(viewer)).toBe("sessionEnded");
    own.say({ type: "ping" });
    await own.has({ type: "pong" });
    expect(own.closed).toBeNull();
  });

  it("set while the old one is checked lets nobody in with the old one", async () => {
    const { userId } = await newPerson();
    const deps = newDeps();
    const verifiedHash = (await findCredentials(deps.db, userId))?.passwordHash ?? null;
    const { session } = await newSession(deps, userId, { address: newAddress(), userAgent: null, cookie: null });
    const change = { userId, passwordHash: "$scrypt$another", keepSessionId: "none", now: new Date() };
    await updatePassword(deps.db, change);
    for (const newHash of [null, "$scrypt$again"]) {
      const signIn = { userId, subject: userId, verifiedHash, newHash, now: new Date() };
      expect(await recordSignIn(deps.db, signIn, session)).toBe("password_changed");
    }
    expect((await findCredentials(deps.db, userId))?.passwordHash).toBe(change.passwordHash);
    const { rows } = await db.execute(sql`select id from sessions where id = ${session.id}`);
    expect(rows).toEqual([]);
  });
});

describe("signing out of other sessions", () => {
  it("closes exactly their sockets", async () => {
    const { person, id } = await running();
    const other = (await signIn(person)).accessToken;
    const json = { name: "script", scopes: ["terminal"] };
    const personal = String((await call("POST /api/v1/auth/tokens", { token: person.token, json })).body["token"]);
    const kept = [await open(terminalPath(id), bearer(person.token)), await open(terminalPath(id), bearer(personal))];
    const ended = await open(terminalPath(id), bearer(other));
    await call("DELETE /api/v1/auth/sessions", { token: person.token });
    expect(await closeOf(ended)).toBe("sessionEnded");
    for (const viewer of kept) {
      viewer.say({ type: "ping" });
      await viewer.has({ type: "pong" });
    }
  });
});

describe("a live socket", () => {
  it("outlives the access token it was opened with, and still ends with its session", async () => {
    const { person, id } = await running();
    const { tokens: config } = newDeps().config;
    const claims = await verifyToken(config, "access", person.token, new Date());
    const expiresAt = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000);
    const brief = await signToken(config, "access", { ...claims, expiresAt });
    const viewer = await open(terminalPath(id), bearer(brief));
    vi.useFakeTimers({ now: expiresAt.getTime() + 60_000, toFake: ["Date"] });
    try {
      expect((await call("GET /api/v1/auth/me", { token: brief })).status).toBe(401);
      expect(await refusal(await dial(terminalPath(id), bearer(brief)))).toBe("unauthenticated");
    } finally {
      vi.useRealTimers();
    }
    viewer.say({ type: "ping" });
    await viewer.has({ type: "pong" });
    expect(viewer.closed).toBeNull();
    await call("POST /api/v1/auth/logout", { token: person.token });
    expect(await closeOf(viewer)).toBe("sessionEnded");
  });
});
