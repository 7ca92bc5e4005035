/** The secrets that mails carry: how long each is good for, and the 6-digit code beside a long token. */
import { hashOf } from "./tokens.ts";

export type MailPurpose = "verify_email" | "reset_password";

/** How long the token of a link works. */
export const linkSeconds: Record<MailPurpose, number> = { verify_email: 86_400, reset_password: 3_600 };
export const codeSeconds = 30 * 60;
/** Wrong codes after which even the right one is refused; the link of the same mail still works. */
export const codeTries = 5;
/** The least time between two mails of one purpose to one person. */
export const mailPauseSeconds = 60;

const codeDigits = 6;
export const codePattern = /^\d{6}$/;
/** So many bits that the remainder's bias is nothing. */
export const codeBytes = 8;

/** Six digits from random bytes. */
export function codeFrom(bytes: Uint8Array): string {
  const number = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) % 10n ** BigInt(codeDigits);
  return number.toString().padStart(codeDigits, "0");
}

/** What is kept of a code: with the row's id, so that equal codes look different. The store makes the same in SQL. */
export function codeHash(id: string, code: string): string {
  return hashOf(`${id}:${code}`);
}
