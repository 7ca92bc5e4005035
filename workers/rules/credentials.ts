/** What user names, passwords and login names must look like. Pure: tells what is wrong, decides nothing else. */
import { commonPasswords } from "./common-passwords.ts";

export const usernamePattern = /^[A-Za-z0-9_-]{3,30}$/;
export const passwordLength = { min: 8, max: 128 } as const;

/** What is wrong with a new password, in words for people; empty when nothing is. */
export function passwordProblems(password: string): string[] {
  const normal = password.normalize("NFC");
  const length = [...normal].length;
  const checks: [boolean, string][] = [
    [length < passwordLength.min, `Password must have at least ${passwordLength.min} characters`],
    [length > passwordLength.max, `Password must have at most ${passwordLength.max} characters`],
    [!/\p{Ll}/u.test(normal), "Password must contain a lower-case letter"],
    [!/\p{Lu}/u.test(normal), "Password must contain an upper-case letter"],
    [!/\p{Nd}/u.test(normal), "Password must contain a digit"],
    [isCommon(normal), "Password is too common"],
  ];
  return checks.flatMap(([isBroken, problem]) => (isBroken ? [problem] : []));
}

/** A login name as it is compared: without regard to case and outer blanks. */
export function normalizedName(name: string): string {
  return name.trim().normalize("NFC").toLowerCase();
}

/** A name with an @ is an e-mail address: user names cannot hold one. */
export function isEmail(name: string): boolean {
  return name.includes("@");
}

/** Case and a punctuation mark at the end do not make a common password a rare one. */
function isCommon(password: string): boolean {
  return commonPasswords.has(password.toLowerCase().replace(/[^\p{L}\p{N}]+$/u, ""));
}
