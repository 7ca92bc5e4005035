/** Verifying an address: by link, by code, by another mail; and what an unverified person may not do yet. */

import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { mailVerification } from "../../../workers/domain/accounts/mail-secrets.ts";
import { sweepAccounts } from "../../../workers/domain/accounts/sweep.ts";
import { verifyEmail } from "../../../workers/domain/accounts/verification.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import type { Principal } from "../../../workers/rules/principal.ts";
import { mailSecrets } from "../../../workers/store/schema/access.ts";
import { newAddress, newPerson } from "../support/api.ts";
import { readAudit } from "../support/audit.ts";
import { newClock, newDeps, type TestDeps } from "../support/deps.ts";
import { validateAnswer } from "../support/document.ts";
import {
  accountOf,
  codeIn,
  lastMailTo,
  linkTokenIn,
  mailing,
  mailsTo,
  newUnverified,
  publicUrl,
  type Unverified,
  wrongCode,
} from "../support/mail.ts";

const verify = (token: string, bearer?: string) =>
  mailing<{ code?: string; message: string }>("POST", "/api/v1/auth/verify-email", { token: bearer, body: { token } });
const resend = (body: unknown, bearer?: string) =>
  mailing<{ message: string }>("POST", "/api/v1/auth/resend-verification", { token: bearer, body });
const me = async (person: Unverified) =>
  (await mailing<{ is_verified: boolean }>("GET", "/api/v1/auth/me", { token: person.token })).body.is_verified;

/** Through the use case, so that the clock can be moved. */
async function tried(deps: TestDeps, token: string, principal: Principal | null = null): Promise<string> {
  return verifyEmail(deps, { token, principal, address: newAddress() }).then(
    () => "verified",
    (error) => failureIn(error)?.kind ?? "bug",
  );
}

/** A person with a mail that was sent by the test's own clock. */
async function newMailed() {
  const clock = newClock();
  const deps = newDeps({ now: clock.now, publicUrl, limits: { credentialFailuresPerMinute: 100 } });
  const person = await newUnverified();
  const account = await accountOf(person.email);
  await deps.db.delete(mailSecrets).where(eq(mailSecrets.userId, account.id));
  await mailVerification(deps, account);
  return { ...person, clock, deps, account, principal: principalOf(account.id), mail: await lastMailTo(person.email) };
}

function principalOf(userId: string) {
  return { userId, sessionId: `ses_${"a".repeat(20)}`, scopes: null } as Principal;
}

describe("registering where addresses are verified", () => {
  it("mails a link and a code in one mail, which names the person and nothing more", async () => {
    const { username, email, mail } = await newUnverified();
    expect(await mailsTo(email)).toHaveLength(1);
    expect(mail.subject).toContain("Verify");
    expect(mail.text).toContain(`Hello ${username},`);
    expect(mail.text).toContain(`${publicUrl}/#/verify/${linkTokenIn(mail)}`);
    expect(mail.html).toContain(`<a href="${publicUrl}/#/verify/${linkTokenIn(mail)}">`);
    expect(mail.html).toContain(codeIn(mail));
    expect(codeIn(mail)).toMatch(/^\d{6}$/);
  });

  it("lets people sign in and read, and create nothing before they have verified", async () => {
    const person = await newUnverified();
    const { username, password, token } = person;
    expect(await me(person)).toBe(false);
    expect((await mailing("POST", "/api/v1/auth/login", { body: { username, password } })).status).toBe(200);
    const body = { name: "early", template: "python" };
    const refused = await mailing<{ code: string }>("POST", "/api/v1/environments", { token, body });
    expect([refused.status, refused.body.code]).toEqual([403, "email_not_verified"]);
    await mailing("PUT", "/api/v1/users/me", { token, body: { full_name: "Ada", is_verified: true } });
    expect(await me(person)).toBe(false);
  });

  it("sends nobody a mail for an address that is taken", async () => {
    const person = await newUnverified();
    const again = { username: `x${person.username}`, email: person.email, password: person.password };
    expect((await mailing("POST", "/api/v1/auth/register", { body: again })).status).toBe(409);
    expect(await mailsTo(person.email)).toHaveLength(1);
  });
});

describe("the link", () => {
  it("verifies without anybody signed in, once, and is audited", async () => {
    const person = await newUnverified();
    const token = linkTokenIn(person.mail);
    const answer = await verify(token);
    expect(answer.status).toBe(200);
    validateAnswer("POST /api/v1/auth/verify-email", answer);
    expect(await me(person)).toBe(true);
    expect(await verify(token)).toMatchObject({ status: 400, body: { code: "invalid_code" } });
    const account = await accountOf(person.email);
    const rows = (await readAudit(account.id)).filter(({ action }) => action === "account.verify");
    expect(rows).toMatchObject([{ outcome: "ok", actorKind: "anonymous", detail: { by: "link" } }]);
  });

  it("is used by one of many who show it at once", async () => {
    const { mail } = await newUnverified();
    const answers = await Promise.all(Array.from({ length: 10 }, () => verify(linkTokenIn(mail))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it("works for a day", async () => {
    const { mail, deps, clock } = await newMailed();
    clock.advanceSeconds(86_400 - 1);
    expect(await tried(deps, linkTokenIn(mail))).toBe("verified");
    const late = await newMailed();
    late.clock.advanceSeconds(86_400);
    expect(await tried(late.deps, linkTokenIn(late.mail))).toBe("invalid_code");
  });
});

describe("the code", () => {
  it("verifies whoever is signed in, and nobody else", async () => {
    const [person, stranger] = [await newUnverified(), await newUnverified()];
    const code = codeIn(person.mail);
    expect((await verify(code)).body.code).toBe("invalid_code");
    if (code !== codeIn(stranger.mail)) expect((await verify(code, stranger.token)).status).toBe(400);
    expect(await me(person)).toBe(false);
    expect((await verify(` ${code} `, person.token)).status).toBe(200);
    expect(await me(person)).toBe(true);
    expect((await verify(code, person.token)).status).toBe(400);
    expect((await verify(linkTokenIn(person.mail))).status).toBe(400);
  });

  it("dies after 5 wrong ones, however many come at once; the link lives", async () => {
    const { mail, deps, principal } = await newMailed();
    const wrong = Array.from({ length: 9 }, () => tried(deps, wrongCode(codeIn(mail)), principal));
    expect(new Set(await Promise.all(wrong))).toEqual(new Set(["invalid_code"]));
    expect(await tried(deps, codeIn(mail), principal)).toBe("invalid_code");
    const [row] = await deps.db.select().from(mailSecrets).where(eq(mailSecrets.userId, principal.userId));
    expect(row?.attempts).toBe(5);
    expect(await tried(deps, linkTokenIn(mail))).toBe("verified");
  });

  it("is still good after 4 wrong ones", async () => {
    const { mail, deps, principal } = await newMailed();
    for (let tries = 0; tries < 4; tries += 1) await tried(deps, wrongCode(codeIn(mail)), principal);
    expect(await tried(deps, codeIn(mail), principal)).toBe("verified");
  });

  it("works for half an hour", async () => {
    const { mail, deps, clock, principal } = await newMailed();
    clock.advanceSeconds(30 * 60);
    expect(await tried(deps, codeIn(mail), principal)).toBe("invalid_code");
    expect(await tried(deps, linkTokenIn(mail))).toBe("verified");
  });

  it("is guessed no faster than 5 a minute", async () => {
    const person = await newUnverified();
    const kinds: (string | undefined)[] = [];
    for (let tries = 0; tries < 6; tries += 1)
      kinds.push((await verify(wrongCode(codeIn(person.mail)), person.token)).body.code);
    expect(kinds).toEqual([...Array(5).fill("invalid_code"), "too_many_requests"]);
  });
});

describe("another mail", () => {
  it("replaces the link and the code of the one before", async () => {
    const { deps, clock, account, principal, email, mail: older } = await newMailed();
    clock.advanceSeconds(61);
    await mailVerification(deps, account);
    const newer = await lastMailTo(email);
    expect(linkTokenIn(newer)).not.toBe(linkTokenIn(older));
    expect(await tried(deps, linkTokenIn(older))).toBe("invalid_code");
    if (codeIn(older) !== codeIn(newer)) expect(await tried(deps, codeIn(older), principal)).toBe("invalid_code");
    expect(await tried(deps, codeIn(newer), principal)).toBe("verified");
  });

  it("goes out at most once a minute, and says nothing of it, for many at once too", async () => {
    const person = await newUnverified();
    const answers = await Promise.all([
      resend({}, person.token),
      resend({ email: person.email }),
      resend({}, person.token),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await mailsTo(person.email)).toHaveLength(1);
    const { deps, clock, account, email } = await newMailed();
    clock.advanceSeconds(61);
    await Promise.all(Array.from({ length: 5 }, () => mailVerification(deps, account)));
    expect(await mailsTo(email)).toHaveLength(3);
  });

  it("goes to nobody who has verified, has no account or was disabled; the answer is the same", async () => {
    const verified = await newPerson();
    const waiting = await newUnverified();
    const answers = [
      await resend({}, verified.accessToken),
      await resend({ email: verified.email }),
      await resend({ email: `nobody${verified.email}` }),
      await resend({ email: waiting.email.toUpperCase() }),
    ];
    expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
    expect(await mailsTo(verified.email)).toEqual([]);
  });

  it("wants an address from whoever is not signed in, and a token that is good from whoever shows one", async () => {
    const refused = await resend({});
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({ errors: [{ field: "email", message: "Required" }] });
    expect((await resend({ email: "ada@example.com" }, "guess")).status).toBe(401);
  });
});

describe("a secret that was mailed", () => {
  it("is kept as a hash only and swept when it has expired", async () => {
    const { deps, clock, mail, account } = await newMailed();
    const kept = () => deps.db.select().from(mailSecrets).where(eq(mailSecrets.userId, account.id));
    const text = JSON.stringify(await kept());
    expect(text).not.toContain(linkTokenIn(mail));
    expect(text).not.toContain(codeIn(mail));
    await sweepAccounts(deps);
    expect(await kept()).toHaveLength(1);
    const expiresAt = new Date(clock.now().getTime() - 1);
    await deps.db.update(mailSecrets).set({ expiresAt }).where(eq(mailSecrets.userId, account.id));
    await sweepAccounts(deps);
    expect(await kept()).toEqual([]);
  });

  it("is in no log line, even when the mail cannot be sent", async () => {
    const lines: string[] = [];
    const mails: string[] = [];
    const person = await newUnverified();
    const account = await accountOf(person.email);
    const clock = newClock(new Date(Date.now() + 120_000));
    const deps = newDeps({
      now: clock.now,
      log: (...line) => void lines.push(JSON.stringify(line)),
      mailer: {
        send: async (mail) => {
          mails.push(mail.text);
          throw new Error("the mail sender answered 500");
        },
      },
    });
    await mailVerification(deps, account);
    expect(lines.join()).toContain("mail was not sent");
    expect(lines.join()).toContain(account.id);
    const [text = ""] = mails;
    expect(lines.join()).not.toContain(linkTokenIn({ text }));
    expect(lines.join()).not.toContain(codeIn({ text }));
    expect(lines.join()).not.toContain(person.email);
  });
});
