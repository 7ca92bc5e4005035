/**
 * Known devices: by our cookie, or by the address. Each counts wrong passwords for itself, so that a stranger's lock
 * only strangers out; security/09-lockout.test.ts tries that at length.
 */
import { and, eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { login } from "../../../workers/domain/accounts/login.ts";
import { newSession } from "../../../workers/domain/accounts/session-tokens.ts";
import { sweepAccounts } from "../../../workers/domain/accounts/sweep.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { findCredentials } from "../../../workers/store/accounts.ts";
import { recordFailure } from "../../../workers/store/login-attempts.ts";
import { knownDevices } from "../../../workers/store/schema/access.ts";
import { sessions } from "../../../workers/store/schema/accounts.ts";
import { auditEvents } from "../../../workers/store/schema/audit.ts";
import { recordSignIn } from "../../../workers/store/sign-in.ts";
import { call, newAddress, newPerson, type Person, randomText } from "../support/api.ts";
import { newClock, newDeps, type TestDeps } from "../support/deps.ts";
import { deviceCookie, signIn } from "../support/devices.ts";

/** Locks the account for every device that nobody knows. */
async function lockOut(deps: TestDeps, person: Person): Promise<void> {
  const failure = { subject: person.userId, lockFailures: 5, lockSeconds: 900 };
  for (let failures = 0; failures < 5; failures += 1) await recordFailure(deps.db, { ...failure, now: deps.now() });
}

async function outcome(deps: TestDeps, person: Person, password: string, device: { address: string; cookie?: string }) {
  const named = { cookie: null, userAgent: null, ...device };
  return login(deps, { name: person.username, password }, named).then(
    () => "signed in",
    (error) => failureIn(error)?.kind ?? "bug",
  );
}

describe("the cookie of a device", () => {
  it("comes with an account and with a sign-in, unreadable for scripts, for sign-in only", async () => {
    const username = `u${randomText(12)}`;
    const person = { username, email: `${username}@example.com`, password: "SecurePass123!" };
    const registered = await call("POST /api/v1/auth/register", { json: person });
    const cookie = registered.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^dp_device=[A-Za-z0-9_-]{32}; /);
    for (const part of ["HttpOnly", "Secure", "SameSite=Lax", "Path=/api/v1/auth", "Max-Age=2592000"])
      expect(cookie.split("; ")).toContain(part);
    expect(cookie).not.toContain("Domain");
    expect(deviceCookie(await signIn(person))).toMatch(/^dp_device=/);
  });

  it("stays the same on one device and is a fresh one where there was none or a made-up one", async () => {
    const { username, password } = await newPerson();
    const first = deviceCookie(await signIn({ username, password }));
    const again = deviceCookie(await signIn({ username, password }, { cookie: first }));
    const madeUp = deviceCookie(await signIn({ username, password }, { cookie: "dp_device=x" }));
    expect(again).toBe(first);
    expect(madeUp).not.toBe(first);
    expect(madeUp).toMatch(/^dp_device=[A-Za-z0-9_-]{32}$/);
  });

  it("is not handed to whoever fails", async () => {
    const { username } = await newPerson();
    expect((await signIn({ username, password: "wrong" })).headers.get("set-cookie")).toBeNull();
  });

  it("is kept as a hash only", async () => {
    const { username, password, userId } = await newPerson();
    const value = deviceCookie(await signIn({ username, password }))?.split("=")[1];
    const rows = await newDeps().db.select().from(knownDevices).where(eq(knownDevices.userId, userId));
    expect(rows).toHaveLength(3);
    expect(JSON.stringify(rows)).not.toContain(value);
    for (const { deviceHash } of rows) expect(deviceHash).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("a known device", () => {
  it("counts and locks for itself", async () => {
    const person = await newPerson();
    const deps = newDeps({ limits: { credentialFailuresPerMinute: 100 } });
    const [phone, desk] = [{ address: newAddress() }, { address: newAddress() }];
    for (const device of [phone, desk]) expect(await outcome(deps, person, person.password, device)).toBe("signed in");
    for (let failures = 0; failures < 5; failures += 1)
      expect(await outcome(deps, person, "wrong", phone)).toBe("wrong_credentials");
    expect(await outcome(deps, person, person.password, phone)).toBe("account_locked");
    expect(await outcome(deps, person, person.password, desk)).toBe("signed in");
    expect(await outcome(deps, person, person.password, { address: newAddress() })).toBe("signed in");
  });

  it("by IPv6 is the whole /64 of its household", async () => {
    const deps = newDeps();
    const person = await newPerson();
    await outcome(deps, person, person.password, { address: "2001:db8:7:7::1" });
    await lockOut(deps, person);
    expect(await outcome(deps, person, person.password, { address: "2001:db8:7:7:ffff::2" })).toBe("signed in");
    expect(await outcome(deps, person, person.password, { address: "2001:db8:7:8::1" })).toBe("account_locked");
  });

  it("is not one whose address nobody tells", async () => {
    const deps = newDeps();
    const person = await newPerson();
    await outcome(deps, person, person.password, { address: "unknown" });
    await lockOut(deps, person);
    expect(await outcome(deps, person, person.password, { address: "unknown" })).toBe("account_locked");
  });

  it("of one account is a stranger to another", async () => {
    const deps = newDeps();
    const [ada, eve] = [await newPerson(), await newPerson()];
    const device = { address: newAddress() };
    await outcome(deps, eve, eve.password, device);
    await lockOut(deps, ada);
    expect(await outcome(deps, ada, ada.password, device)).toBe("account_locked");
  });

  it("is forgotten 30 days after its last sign-in, and swept", async () => {
    // Other tests share the tables: the clock never comes to what is still theirs.
    const clock = newClock(new Date(Date.now() - 61 * 86_400_000));
    const deps = newDeps({ now: clock.now });
    const person = await newPerson();
    const device = { address: newAddress() };
    await outcome(deps, person, person.password, device);
    clock.advanceSeconds(30 * 86_400 - 60);
    await lockOut(deps, person);
    expect(await outcome(deps, person, person.password, device)).toBe("signed in");
    clock.advanceSeconds(30 * 86_400 + 60);
    await lockOut(deps, person);
    expect(await outcome(deps, person, person.password, device)).toBe("account_locked");
    await sweepAccounts(deps);
    const kept = await deps.db.select().from(knownDevices).where(eq(knownDevices.userId, person.userId));
    // Registering, by the real clock, has made a device known as well.
    expect(kept.filter(({ signedInAt }) => signedInAt < clock.now())).toEqual([]);
  });
});

describe("a lock", () => {
  it("is told to the owner once, by mail and in the audit log, and holds no secret", async () => {
    const person = await newPerson();
    const sent: { to: string; subject: string; text: string }[] = [];
    const deps = newDeps({
      limits: { credentialFailuresPerMinute: 100 },
      mailer: { send: async (mail) => void sent.push(mail) },
      publicUrl: "https://devpocket.test",
    });
    const wrong = () => outcome(deps, person, "wrong", { address: newAddress() });
    await Promise.all(Array.from({ length: 9 }, wrong));
    expect(await wrong()).toBe("account_locked");
    await deps.settled();
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({ to: person.email, text: expect.stringContaining("locked for 15 minutes") });
    expect(sent[0]?.text).toContain("https://devpocket.test/#/forgot");
    const isLock = and(eq(auditEvents.targetId, person.userId), eq(auditEvents.action, "account.lock"));
    expect(await deps.db.select().from(auditEvents).where(isLock)).toMatchObject([{ actorKind: "system" }]);
  });

  it("that came while the right password was checked keeps it out, and its device unknown", async () => {
    const person = await newPerson();
    const deps = newDeps();
    await lockOut(deps, person);
    const device = { address: newAddress(), userAgent: null, cookie: null };
    const { session } = await newSession(deps, person.userId, device);
    const { userId } = person;
    const verifiedHash = (await findCredentials(deps.db, userId))?.passwordHash ?? null;
    const signIn = { userId, subject: userId, verifiedHash, newHash: null, now: deps.now() };
    expect(await recordSignIn(deps.db, signIn, session)).toBe("locked");
    expect(await deps.db.select().from(sessions).where(eq(sessions.id, session.id))).toEqual([]);
    const known = eq(knownDevices.deviceHash, session.deviceHashes[0] ?? "");
    expect(await deps.db.select().from(knownDevices).where(known)).toEqual([]);
  });
});
