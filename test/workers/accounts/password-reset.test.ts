/** A forgotten password: the mail, the link, and what a new password ends. */
import { eq, sql } from "drizzle-orm";
import { describe, expect, it, vi } from "vitest";
import { timing } from "../../../durable-objects/protocol/timing.ts";
import { mailReset } from "../../../workers/domain/accounts/mail-secrets.ts";
import { requestReset, resetPassword } from "../../../workers/domain/accounts/password-reset.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { withConnection } from "../../../workers/store/database.ts";
import { recordFailure } from "../../../workers/store/login-attempts.ts";
import { knownDevices, mailSecrets } from "../../../workers/store/schema/access.ts";
import { loginAttempts, sessions, users } from "../../../workers/store/schema/accounts.ts";
import { call, newAddress, newPerson, tokensIn } from "../support/api.ts";
import { readAudit } from "../support/audit.ts";
import { newClock, newDeps, type TestDeps } from "../support/deps.ts";
import { validateAnswer } from "../support/document.ts";
import { newGooglePerson, signInByToken } from "../support/google.ts";
import { accountOf, lastMailTo, linkTokenIn, mailing, mailsTo, newUnverified, publicUrl } from "../support/mail.ts";
import { bearer, open, running, terminalPath } from "../support/sockets.ts";

const next = "Another1Password";
const forgot = (email: string) =>
  mailing<{ message: string }>("POST", "/api/v1/auth/forgot-password", { body: { email } });
const reset = (token: string, new_password = next) =>
  call("POST /api/v1/auth/reset-password", { json: { token, new_password } });
const signIn = (username: string, password: string) =>
  call("POST /api/v1/auth/login", { json: { username, password } });

/** The token of the mail that a forgotten password led to. */
async function mailedToken(email: string): Promise<string> {
  await forgot(email);
  return linkTokenIn(await lastMailTo(email));
}

/** Through the use case, so that the clock can be moved. */
function tried(deps: TestDeps, token: string): Promise<string> {
  return resetPassword(deps, { token, password: next }, newAddress()).then(
    () => "reset",
    (error) => failureIn(error)?.kind ?? "bug",
  );
}

describe("forgetting a password", () => {
  it("leads by mail to a new one, which is the only one from then on", async () => {
    const { username, email, password, userId } = await newPerson();
    await forgot(email.toUpperCase());
    const token = linkTokenIn(await lastMailTo(email));
    expect((await lastMailTo(email)).text).toContain(`${publicUrl}/#/reset/${token}`);
    const answer = await reset(token);
    expect(answer.status).toBe(200);
    validateAnswer("POST /api/v1/auth/reset-password", answer);
    expect(answer.body["access_token"]).toBeUndefined();
    expect((await signIn(username, password)).status).toBe(401);
    expect((await signIn(username, next)).status).toBe(200);
    const actions = (await readAudit(userId)).map(({ action, outcome }) => `${action} ${outcome}`);
    expect(actions).toEqual(expect.arrayContaining(["password.request_reset ok", "password.reset ok"]));
  });

  it("answers the same for every address, and mails only to those who have an account", async () => {
    const { email } = await newPerson();
    const [known, unknown] = [await forgot(email), await forgot(`nobody${email}`)];
    expect([known.status, known.body]).toEqual([unknown.status, unknown.body]);
    expect(await mailsTo(email)).toHaveLength(1);
    expect(await mailsTo(`nobody${email}`)).toEqual([]);
  });

  it("mails once a minute, and not at all to a disabled account", async () => {
    const [person, disabled] = [await newPerson(), await newPerson()];
    await Promise.all(Array.from({ length: 4 }, () => forgot(person.email)));
    expect(await mailsTo(person.email)).toHaveLength(1);
    await newDeps().db.update(users).set({ isActive: false }).where(eq(users.id, disabled.userId));
    expect((await forgot(disabled.email)).status).toBe(200);
    expect(await mailsTo(disabled.email)).toEqual([]);
  });

  it("is asked for so many times an hour from one address", async () => {
    const address = newAddress();
    const deps = newDeps({ limits: { mailsPerAddressPerHour: 2 } });
    const ask = () => requestReset(deps, "nobody@example.com", address);
    await ask();
    await ask();
    expect(await ask().catch(failureIn)).toMatchObject({ kind: "too_many_requests", what: "mails" });
  });
});

describe("a reset", () => {
  it("ends every session, personal token and socket, and forgets locks at once", async () => {
    const { person, id } = await running();
    const { db } = newDeps();
    const [row] = await db.select().from(users).where(eq(users.id, person.id));
    const { username = "", email = "" } = row ?? {};
    const token = person.token;
    const made = await call("POST /api/v1/auth/tokens", { token, json: { name: "t", scopes: ["account:read"] } });
    const viewer = await open(terminalPath(id), bearer(token));
    const { refreshToken } = tokensIn(await signIn(username, "SecurePass123!"));
    for (let failures = 0; failures < 5; failures += 1) await signIn(username, "wrong");
    expect((await signIn(username, "SecurePass123!")).body["code"]).toBe("account_locked");
    expect((await reset(await mailedToken(email))).status).toBe(200);
    await vi.waitUntil(() => viewer.closed, timing.sessionEndMs);
    expect((await call("GET /api/v1/auth/me", { token })).status).toBe(401);
    expect((await call("GET /api/v1/auth/me", { token: String(made.body["token"]) })).status).toBe(401);
    expect((await call("POST /api/v1/auth/refresh", { json: { refresh_token: refreshToken } })).status).toBe(401);
    expect((await signIn(username, next)).status).toBe(200);
  });

  it("ends a session that a login with the old password begins meanwhile", async () => {
    const { email, userId } = await newPerson();
    const token = await mailedToken(email);
    const { db, config, waitUntil, settled } = newDeps();
    await withConnection(config.database, waitUntil, async (held) => {
      await held.transaction(async (login) => {
        await login.update(users).set({ lastLoginAt: new Date() }).where(eq(users.id, userId));
        const { rows } = await login.execute(sql`select pg_backend_pid() as pid`);
        waitUntil(reset(token));
        const waiting = sql`select 1 from pg_stat_activity where ${rows[0]?.["pid"]} = any(pg_blocking_pids(pid))`;
        await vi.waitUntil(async () => (await db.execute(waiting)).rows.length > 0, 10_000);
        const [first] = await login.select().from(sessions).where(eq(sessions.userId, userId));
        if (first === undefined) throw new Error("nobody is signed in");
        await login.insert(sessions).values({ ...first, id: `late-${first.id}` });
      });
    });
    await settled();
    const left = await db
      .select({ endedReason: sessions.endedReason })
      .from(sessions)
      .where(eq(sessions.userId, userId));
    expect(left.map(({ endedReason }) => endedReason)).toEqual(["password_reset", "password_reset"]);
  });

  it("forgets the locks of known devices too", async () => {
    const { email, userId, username, password } = await newPerson();
    const deps = newDeps();
    await signIn(username, password);
    const [known] = await deps.db.select().from(knownDevices).where(eq(knownDevices.userId, userId));
    const device = known?.deviceHash;
    for (const subject of [userId, `${userId}/${device}`])
      await recordFailure(deps.db, { subject, lockFailures: 1, lockSeconds: 900, now: deps.now() });
    await reset(await mailedToken(email));
    for (const subject of [userId, `${userId}/${device}`])
      expect(await deps.db.select().from(loginAttempts).where(eq(loginAttempts.subject, subject))).toEqual([]);
  });

  it("proves the address", async () => {
    const person = await newUnverified();
    await reset(await mailedToken(person.email));
    const account = await accountOf(person.email);
    expect(account.isVerified).toBe(true);
    const [row] = await newDeps().db.select().from(users).where(eq(users.id, account.id));
    expect(row?.emailProvenAt).toBeInstanceOf(Date);
  });

  it("gives an account that only knew Google its first password", async () => {
    const google = newGooglePerson();
    const signedIn = await signInByToken(google);
    const { username } = signedIn.body["user"] as { username: string };
    expect((await signIn(username, next)).status).toBe(401);
    expect((await reset(await mailedToken(google.email))).status).toBe(200);
    expect((await signIn(username, next)).status).toBe(200);
    expect((await signInByToken(google)).status).toBe(200);
  });

  it("wants a password that keeps the rules, and does not use up the link before", async () => {
    const { email } = await newPerson();
    const token = await mailedToken(email);
    const refused = await reset(token, "short");
    expect(refused.body).toMatchObject({ code: "invalid_input", errors: expect.any(Array) });
    expect((await reset(token)).status).toBe(200);
  });
});

describe("the token of a reset", () => {
  it("works once, for one of many at once", async () => {
    const { email } = await newPerson();
    const token = await mailedToken(email);
    const answers = await Promise.all([reset(token), reset(token), reset(token)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
    expect((await reset(token)).body["code"]).toBe("invalid_code");
  });

  it("works for an hour and until a newer one was mailed", async () => {
    const clock = newClock();
    const deps = newDeps({ now: clock.now });
    const account = await accountOf((await newPerson()).email);
    const mailed = async () => {
      expect(await mailReset(deps, account)).toBe(true);
      return linkTokenIn(await lastMailTo(account.email));
    };
    const late = await mailed();
    clock.advanceSeconds(3_600);
    expect(await tried(deps, late)).toBe("invalid_code");
    const older = await mailed();
    clock.advanceSeconds(61);
    const newer = await mailed();
    expect(await tried(deps, older)).toBe("invalid_code");
    clock.advanceSeconds(3_599);
    expect(await tried(deps, newer)).toBe("reset");
  });

  it("verifies no address, signs nobody in, and a verification's token resets nothing", async () => {
    const person = await newUnverified();
    expect((await reset(linkTokenIn(person.mail))).status).toBe(400);
    const token = await mailedToken(person.email);
    expect((await call("POST /api/v1/auth/verify-email", { json: { token } })).status).toBe(400);
    expect((await call("GET /api/v1/auth/me", { token })).status).toBe(401);
  });

  it("is no good for an account that was disabled or has left meanwhile", async () => {
    const { email, userId, password } = await newPerson();
    const left = await newPerson();
    const tokens = [await mailedToken(email), await mailedToken(left.email)];
    await newDeps().db.update(users).set({ isActive: false }).where(eq(users.id, userId));
    await call("DELETE /api/v1/users/me", { token: left.accessToken, json: { password } });
    for (const token of tokens) expect((await reset(token)).status).toBe(400);
    expect(await newDeps().db.select().from(mailSecrets).where(eq(mailSecrets.userId, left.userId))).toEqual([]);
  });

  it("is guessed only so often from one address", async () => {
    const address = newAddress();
    const deps = newDeps({ limits: { credentialAttemptsPerAddressPerMinute: 3 } });
    const guess = () =>
      resetPassword(deps, { token: "guess", password: next }, address).catch((error) => failureIn(error)?.kind);
    const kinds = [await guess(), await guess(), await guess(), await guess()];
    expect(kinds).toEqual(["invalid_code", "invalid_code", "invalid_code", "too_many_requests"]);
  });
});
