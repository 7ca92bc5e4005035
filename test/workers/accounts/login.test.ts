/** POST /api/v1/auth/login, the lock after wrong passwords, and what a stranger can learn from either. */
import { scryptSync } from "node:crypto";
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { login } from "../../../workers/domain/accounts/login.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { users } from "../../../workers/store/schema/accounts.ts";
import { call, newAddress, newPerson, randomText } from "../support/api.ts";
import { newClock, newDeps, type TestDeps } from "../support/deps.ts";
import { withinOneMinute } from "../support/one-minute.ts";

const signIn = (json: unknown, address?: string) => call("POST /api/v1/auth/login", { json, address });
const lockSeconds = 15 * 60;

/** Signs in through the use case, so that the clock can be moved. */
async function attempt(deps: TestDeps, name: string, password: string): Promise<string> {
  try {
    await login(deps, { name, password }, { address: newAddress(), userAgent: null, cookie: null });
    return "signed in";
  } catch (error) {
    return failureIn(error)?.kind ?? "bug";
  }
}

describe("login", () => {
  it.each(["username_or_email", "usernameOrEmail", "email", "username"])("takes the name as %s", async (field) => {
    const person = await newPerson();
    const name = field === "email" ? person.email : person.username;
    const { status, body } = await signIn({ [field]: name, password: person.password });
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: "bearer", expires_in: 86_400, user: { username: person.username } });
  });

  it("takes a form", async () => {
    const { username, password } = await newPerson();
    const body = new URLSearchParams({ username, password }).toString();
    const type = "application/x-www-form-urlencoded";
    expect((await call("POST /api/v1/auth/login", { raw: { body, type } })).status).toBe(200);
  });

  it("does not care for the case of names", async () => {
    const { username, email, password } = await newPerson();
    expect((await signIn({ username_or_email: username.toUpperCase(), password })).status).toBe(200);
    expect((await signIn({ username_or_email: ` ${email.toUpperCase()}`, password })).status).toBe(200);
  });

  it("answers an unknown name as a wrong password, up to the lock", async () => {
    const { username } = await newPerson();
    for (let attempts = 1; attempts <= 6; attempts += 1) {
      const known = await signIn({ username_or_email: username, password: "wrong" });
      const unknown = await signIn({ username_or_email: `nobody${username}`, password: "wrong" });
      expect(known.status).toBe(attempts <= 5 ? 401 : 429);
      expect(unknown.status).toBe(known.status);
      expect(unknown.body["detail"]).toBe(known.body["detail"]);
      expect(unknown.body["code"]).toBe(known.body["code"]);
    }
  });

  it("tells a locked account with when it opens, even for the right password", async () => {
    const person = await newPerson();
    const wrong = { username_or_email: person.username, password: "wrong" };
    for (let attempts = 0; attempts < 5; attempts += 1) await signIn(wrong);
    const answer = await signIn({ username_or_email: person.email, password: person.password });
    expect(answer.status).toBe(429);
    expect(answer.body["detail"]).toContain("locked");
    expect(answer.body["retry_after"]).toBe(Number(answer.headers.get("retry-after")));
    expect(answer.body["retry_after"]).toBeGreaterThan(lockSeconds - 60);
    expect((await call("GET /api/v1/auth/me", { token: person.accessToken })).status).toBe(200);
  });

  it("opens and counts anew when the lock ends", async () => {
    const { username, password } = await newPerson();
    const clock = newClock();
    const deps = newDeps({ now: clock.now, limits: { credentialFailuresPerMinute: 100 } });
    for (let attempts = 0; attempts < 5; attempts += 1) await attempt(deps, username, "wrong");
    expect(await attempt(deps, username, password)).toBe("account_locked");
    clock.advanceSeconds(lockSeconds + 1);
    for (let attempts = 0; attempts < 4; attempts += 1) {
      expect(await attempt(deps, username, "wrong")).toBe("wrong_credentials");
    }
    expect(await attempt(deps, username, password)).toBe("signed in");
  });

  it("forgets wrong passwords after a right one", async () => {
    const { username, password } = await newPerson();
    const deps = newDeps({ limits: { credentialFailuresPerMinute: 100 } });
    for (let round = 0; round < 2; round += 1) {
      for (let attempts = 0; attempts < 4; attempts += 1) await attempt(deps, username, "wrong");
      expect(await attempt(deps, username, password)).toBe("signed in");
    }
  });

  it("counts parallel wrong passwords one by one", async () => {
    const { username } = await newPerson();
    const deps = newDeps({ limits: { credentialFailuresPerMinute: 100 } });
    await Promise.all(Array.from({ length: 5 }, () => attempt(deps, username, "wrong")));
    expect(await attempt(deps, username, "wrong")).toBe("account_locked");
  });

  it("does not lock after a single failure unless configured to", async () => {
    const { username } = await newPerson();
    const deps = newDeps({ limits: { lockFailures: 1 } });
    expect(await attempt(deps, username, "wrong")).toBe("wrong_credentials");
    expect(await attempt(deps, username, "wrong")).toBe("account_locked");
  });

  it("slows one address that tries many accounts", () =>
    withinOneMinute(async () => {
      const address = newAddress();
      const deps = newDeps({ limits: { credentialAttemptsPerAddressPerMinute: 3 } });
      const from = (name: string) => login(deps, { name, password: "x" }, { address, userAgent: null, cookie: null });
      const kinds: (string | undefined)[] = [];
      for (let attempts = 0; attempts < 4; attempts += 1) {
        kinds.push(
          await from(randomText(12)).then(
            () => "signed in",
            (error) => failureIn(error)?.kind,
          ),
        );
      }
      expect(kinds).toEqual([...Array(3).fill("wrong_credentials"), "too_many_requests"]);
    }));

  it("gives a successful attempt back", async () => {
    const { username, password } = await newPerson();
    const address = newAddress();
    for (let attempts = 0; attempts < 7; attempts += 1) {
      expect((await signIn({ username_or_email: username, password }, address)).status).toBe(200);
    }
  });

  it("tells a disabled account only to who knows its password, and never as 401", async () => {
    const { username, password, userId } = await newPerson();
    await newDeps().db.update(users).set({ isActive: false }).where(eq(users.id, userId));
    expect((await signIn({ username, password: "wrong" })).status).toBe(401);
    expect((await signIn({ username, password })).status).toBe(403);
  });

  it("replaces a hash of another cost once the password was right", async () => {
    const { username, userId } = await newPerson();
    const { db } = newDeps();
    const salt = "AAECAwQFBgcICQoLDA0ODw";
    const cheap = scryptSync("Older1Password", Buffer.from(salt, "base64"), 32, { N: 16, r: 8, p: 1 });
    const passwordHash = `$scrypt$ln=4,r=8,p=1$${salt}$${cheap.toString("base64").replace("=", "")}`;
    await db.update(users).set({ passwordHash }).where(eq(users.id, userId));
    for (const round of ["the old hash", "the new hash"]) {
      expect((await signIn({ username, password: "Older1Password" })).status, round).toBe(200);
    }
    const [row] = await db.select().from(users).where(eq(users.id, userId));
    expect(row?.passwordHash).toContain("ln=14,r=8,p=5");
  });

  it("asks for a name and a password", async () => {
    const { status, body } = await signIn({ password: "x" });
    expect(status).toBe(400);
    expect(body["errors"]).toContainEqual(expect.objectContaining({ field: "username_or_email" }));
  });
});
