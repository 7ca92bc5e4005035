/** Mails as their reader has them, and an application that wants addresses verified. */
import { type KeptMail, readOutbox } from "../../../workers/clients/mail.ts";
import type { Account } from "../../../workers/rules/principal.ts";
import { findAccountByEmail } from "../../../workers/store/accounts.ts";
import { newApi } from "../environments/world.ts";
import { randomText } from "./api.ts";
import { newDeps } from "./deps.ts";

export const publicUrl = "https://pocket.example";
/** Answers when what goes on after the answer is done, mails included. */
export const mailing = newApi({ EMAIL_VERIFICATION: "true", PUBLIC_URL: publicUrl });

export interface Unverified {
  username: string;
  email: string;
  password: string;
  token: string;
  mail: KeptMail;
}

/** Somebody who has just registered and not yet verified, with the mail they were sent. */
export async function newUnverified(): Promise<Unverified> {
  const username = `u${randomText(12)}`;
  const person = { username, email: `${username}@example.com`, password: "SecurePass123!" };
  const answer = await mailing<{ access_token: string }>("POST", "/api/v1/auth/register", { body: person });
  return { ...person, token: answer.body.access_token, mail: await lastMailTo(person.email) };
}

/** The mails to an address, newest first. */
export async function mailsTo(email: string): Promise<KeptMail[]> {
  return (await readOutbox(newDeps().redis)).filter((mail) => mail.to === email);
}

export async function lastMailTo(email: string): Promise<KeptMail> {
  const [mail] = await mailsTo(email);
  if (mail === undefined) throw new Error(`no mail to ${email}`);
  return mail;
}

/** The secret at the end of the mail's link. */
export function linkTokenIn(mail: { text: string }): string {
  return /#\/(?:verify|reset)\/([A-Za-z0-9_-]{43})$/m.exec(mail.text)?.[1] ?? "no link";
}

export function codeIn(mail: { text: string }): string {
  return /^(\d{6})$/m.exec(mail.text)?.[1] ?? "no code";
}

/** Six digits that are not these. */
export function wrongCode(code: string): string {
  return String((Number(code) + 1) % 1_000_000).padStart(6, "0");
}

export async function accountOf(email: string): Promise<Account> {
  const account = await findAccountByEmail(newDeps().db, email);
  if (account === null) throw new Error(`nobody has ${email}`);
  return account;
}
