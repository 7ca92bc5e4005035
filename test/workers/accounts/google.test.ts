/** POST /api/v1/auth/google: who an id token signs in, and whose account an address leads to. */
import { sql } from "drizzle-orm";
import { describe, expect, it, vi } from "vitest";
import { signInAs, signInWithGoogle } from "../../../workers/domain/accounts/google.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { usernameFor } from "../../../workers/rules/identities.ts";
import { call, newAddress, newPerson, tokensIn } from "../support/api.ts";
import { readAudit } from "../support/audit.ts";
import { newDeps } from "../support/deps.ts";
import { googleConfig, idTokenOf, newGooglePerson, signInByToken } from "../support/google.ts";

const { db } = newDeps();
const device = () => ({ address: newAddress(), userAgent: null, cookie: null });
const userIn = (answer: { body: Record<string, unknown> }) => answer.body["user"] as Record<string, unknown>;
const me = (token: string) => call("GET /api/v1/auth/me", { token });

describe("an id token", () => {
  it("of somebody new begins a verified account without a password", async () => {
    const person = newGooglePerson();
    const answer = await signInByToken(person);
    expect(answer.status, answer.text).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual(
      ["access_token", "expires_in", "refresh_token", "token_type", "user"].sort(),
    );
    expect(userIn(answer)).toMatchObject({
      email: person.email,
      full_name: "Ada Lovelace",
      is_verified: true,
      role: "user",
      username: person.email.split("@")[0],
    });
    const { accessToken } = tokensIn(answer);
    expect((await me(accessToken)).status).toBe(200);
    const { body } = await call("GET /api/v1/auth/sessions", { token: accessToken });
    expect(body["sessions"]).toEqual([expect.objectContaining({ method: "google", current: true })]);
    const login = { username: person.email, password: "SecurePass123!" };
    expect((await call("POST /api/v1/auth/login", { json: login })).status).toBe(401);
    await vi.waitFor(
      async () =>
        expect(await readAudit(String(userIn(answer)["id"]))).toContainEqual(
          expect.objectContaining({ action: "account.register", detail: { method: "google" } }),
        ),
      10_000,
    );
  });

  it.each(["id_token", "token", "credential", "idToken"])("is taken as %s", async (name) => {
    const json = { [name]: await idTokenOf(newGooglePerson()), access_token: "ignored" };
    expect((await call("POST /api/v1/auth/google", { json })).status).toBe(200);
  });

  it.each([{}, { access_token: "x" }, { id_token: "" }, { id_token: 1 }, { id_token: null }])(
    "that is missing in %j is a failed validation",
    async (json) => {
      expect((await call("POST /api/v1/auth/google", { json })).status).toBe(400);
    },
  );

  it("of a known subject is the same person, whatever their address is now", async () => {
    const person = newGooglePerson();
    const first = await signInByToken(person);
    const again = await signInByToken({ ...person, email: `other.${person.email}` });
    expect(userIn(again)["id"]).toBe(userIn(first)["id"]);
    expect(userIn(again)["email"]).toBe(person.email);
  });

  it("may be for any of our clients, signed with any key of the provider", async () => {
    const person = newGooglePerson({ aud: "ios-client.example" });
    for (const algorithm of ["RS256", "ES256", "EdDSA"] as const) {
      const json = { id_token: await idTokenOf(person, { algorithm }) };
      expect((await call("POST /api/v1/auth/google", { json })).status).toBe(200);
    }
    expect((await signInByToken({ ...person, email_verified: "true" })).status).toBe(200);
  });

  it("finds another name where the user name is taken, also for many at once", async () => {
    const local = newGooglePerson().email.split("@")[0];
    const people = Array.from({ length: 6 }, (_, index) => newGooglePerson({ email: `${local}@host${index}.example` }));
    const answers = await Promise.all(people.map((person) => signInByToken(person)));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    const names = answers.map((answer) => String(userIn(answer)["username"]));
    expect(new Set(names).size).toBe(6);
    expect(names.filter((name) => name === local)).toHaveLength(1);
  });

  it("shown by two devices at once begins one account", async () => {
    const person = newGooglePerson();
    const answers = await Promise.all(Array.from({ length: 5 }, () => signInByToken(person)));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(new Set(answers.map((answer) => userIn(answer)["id"])).size).toBe(1);
  });

  it("does not open a disabled account", async () => {
    const person = newGooglePerson();
    const { id } = userIn(await signInByToken(person));
    await db.execute(sql`update users set is_active = false where id = ${id}`);
    const answer = await signInByToken(person);
    expect([answer.status, answer.body["detail"]]).toEqual([403, "This account is disabled"]);
  });

  it("begins anew after its account was deleted", async () => {
    const person = newGooglePerson();
    const first = await signInByToken(person);
    const { accessToken: token } = tokensIn(first);
    expect((await call("DELETE /api/v1/users/me", { token })).status).toBe(200);
    const again = await signInByToken(person);
    expect(again.status).toBe(200);
    expect(userIn(again)["id"]).not.toBe(userIn(first)["id"]);
  });
});

describe("the address of an account with a password", () => {
  const proven = (id: string) => db.execute(sql`update users set email_proven_at = now() where id = ${id}`);

  it("that was proven to us is linked, and the password goes on", async () => {
    const person = await newPerson();
    await proven(person.userId);
    const google = newGooglePerson({ email: person.email.toUpperCase() });
    const answer = await signInByToken(google);
    expect(userIn(answer)["id"]).toBe(person.userId);
    const login = { username: person.username, password: person.password };
    expect((await call("POST /api/v1/auth/login", { json: login })).status).toBe(200);
    expect((await me(person.accessToken)).status).toBe(200);
    await vi.waitFor(
      async () =>
        expect(await readAudit(person.userId)).toContainEqual(
          expect.objectContaining({ action: "account.link_google", detail: { taken_over: false } }),
        ),
      10_000,
    );
  });

  it("that a stranger may have registered goes to its owner, and the stranger is out", async () => {
    const squatter = await newPerson();
    const json = { name: "back door", scopes: ["account:read"] };
    const { body } = await call("POST /api/v1/auth/tokens", { token: squatter.accessToken, json });
    const answer = await signInByToken(newGooglePerson({ email: squatter.email }));
    expect(userIn(answer)).toMatchObject({ id: squatter.userId, is_verified: true });
    expect((await me(squatter.accessToken)).status).toBe(401);
    expect((await me(String(body["token"]))).status).toBe(401);
    const refreshed = await call("POST /api/v1/auth/refresh", { json: { refresh_token: squatter.refreshToken } });
    expect(refreshed.status).toBe(401);
    const login = { username: squatter.username, password: squatter.password };
    expect((await call("POST /api/v1/auth/login", { json: login })).status).toBe(401);
    expect((await me(tokensIn(answer).accessToken)).status).toBe(200);
  });

  it("is not linked to a second identity, of the same issuer or of another", async () => {
    const person = newGooglePerson();
    const { id } = userIn(await signInByToken(person));
    const answer = await signInByToken({ ...person, sub: "somebody-else" });
    expect([answer.status, answer.body["code"]]).toEqual([409, "google_linked_elsewhere"]);
    const other = { issuer: "https://other.example", subject: person.sub, email: person.email, name: null };
    expect(await signInAs(newDeps(), other, device()).catch(failureIn)).toEqual({
      kind: "google_failed",
      reason: "linked_elsewhere",
    });
    const { rows } = await db.execute(sql`select issuer, subject from identities where user_id = ${id}`);
    expect(rows).toEqual([{ issuer: googleConfig().issuer, subject: person.sub }]);
  });

  it("is linked once, also when two devices bring it at once", async () => {
    const { email, userId } = await newPerson();
    const google = newGooglePerson({ email });
    const answers = await Promise.all(Array.from({ length: 4 }, () => signInByToken(google)));
    expect(answers.map(({ status }) => status)).toEqual(Array(4).fill(200));
    for (const answer of answers) expect(userIn(answer)["id"]).toBe(userId);
  });

  it("is linked to one of two identities that come at once", async () => {
    const { email } = await newPerson();
    const answers = await Promise.all([1, 2, 3, 4].map(() => signInByToken(newGooglePerson({ email }))));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
  });
});

describe("the provider", () => {
  it("that cannot be reached is told as such, and is no fault of the token", async () => {
    const { config } = newDeps();
    const google = { ...googleConfig(), jwksUrl: "http://127.0.0.1:9/certs" };
    const deps = newDeps({ config: { ...config, google } });
    const idToken = await idTokenOf(newGooglePerson());
    expect(await signInWithGoogle(deps, idToken, device()).catch(failureIn)).toEqual({
      kind: "unavailable",
      dependency: "google",
      retryAfterSeconds: 10,
    });
    const wrong = { ...googleConfig(), jwksUrl: `${googleConfig().issuer}/nothing` };
    const asked = signInWithGoogle(newDeps({ config: { ...config, google: wrong } }), idToken, device());
    expect(await asked.catch(failureIn)).toMatchObject({ kind: "unavailable", dependency: "google" });
  });

  it("that is not set up is a 404 of its own", async () => {
    const { config } = newDeps();
    const deps = newDeps({ config: { ...config, google: null } });
    expect(await signInWithGoogle(deps, "x", device()).catch(failureIn)).toEqual({
      kind: "google_failed",
      reason: "not_configured",
    });
  });

  it("is Google in both forms of its name, and they are one", async () => {
    const { config } = newDeps();
    const google = { ...googleConfig(), issuer: "https://accounts.google.com" };
    const deps = newDeps({ config: { ...config, google } });
    const person = newGooglePerson();
    const [short, long] = await Promise.all(
      ["accounts.google.com", google.issuer].map((iss) => idTokenOf({ ...person, iss })),
    );
    const first = await signInWithGoogle(deps, short ?? "", device());
    const second = await signInWithGoogle(deps, long ?? "", device());
    expect(second.account.id).toBe(first.account.id);
  });
});

describe("attempts", () => {
  it("count for their address, and good ones are given back", async () => {
    const { config } = newDeps();
    const limits = { ...config.limits, credentialAttemptsPerAddressPerMinute: 3 };
    const deps = newDeps({ config: { ...config, limits } });
    const from = device();
    for (let good = 0; good < 5; good += 1) await signInWithGoogle(deps, await idTokenOf(newGooglePerson()), from);
    const outcomes: unknown[] = [];
    for (let bad = 0; bad < 5; bad += 1)
      outcomes.push(await signInWithGoogle(deps, `bad-${bad}`, from).catch((error) => failureIn(error)?.kind));
    expect(outcomes).toContain("google_failed");
    expect(outcomes.at(-1)).toBe("too_many_requests");
  });
});

it.each([
  ["ada@example.com", "", "ada"],
  ["ada.lovelace+x@example.com", "", "ada-lovelace-x"],
  ["é@example.com", "", "user-e"],
  ["...@example.com", "", "user"],
  [`${"a".repeat(60)}@example.com`, "", "a".repeat(30)],
  [`${"a".repeat(60)}@example.com`, "0f0f0f", `${"a".repeat(23)}-0f0f0f`],
])("%s with the suffix %j may be called %s", (email, suffix, name) => {
  expect(usernameFor(email, suffix)).toBe(name);
});
