/**
 * Password hashes: scrypt as a PHC string, `$scrypt$ln=14,r=8,p=5$salt$hash`. The salt is an argument. In workerd
 * scrypt runs to its end on the isolate's one thread, so at most one hash (16 MiB, ~0.15 s) is worked on at a time.
 */
import { scrypt, timingSafeEqual } from "node:crypto";

interface Cost {
  /** log2 of N. */
  ln: number;
  r: number;
  p: number;
}

interface Phc extends Cost {
  salt: Uint8Array;
  hash: Uint8Array;
}

/** Within the platform's cap N*r*p <= 2^20. */
const current: Cost = { ln: 14, r: 8, p: 5 };
const hashBytes = 32;
const maxMemoryBytes = 64 * 1024 * 1024;
export const saltBytes = 16;

/** The hash of no password at all: what an unknown login name is compared with, for equal work. */
export const dummyHash = `$scrypt$ln=14,r=8,p=5$${"A".repeat(22)}$${"A".repeat(43)}`;

/** Hashes the NFC form of a password, whole, however long it is. */
export async function hashPassword(password: string, salt: Uint8Array): Promise<string> {
  const hash = await derive(password, salt, current);
  return `$scrypt$ln=${current.ln},r=${current.r},p=${current.p}$${base64(salt)}$${base64(hash)}`;
}

/** Whether the password is the one behind the hash; a hash of a form we do not know matches nothing. */
export async function verifyPassword(phc: string, password: string): Promise<boolean> {
  const parsed = parsePhc(phc);
  if (parsed === null) return false;
  const hash = await derive(password, parsed.salt, parsed);
  return hash.length === parsed.hash.length && timingSafeEqual(hash, parsed.hash);
}

/** Whether a hash was made at another cost than today's and should be made again at the next login. */
export function needsRehash(phc: string): boolean {
  const parsed = parsePhc(phc);
  return parsed === null || parsed.ln !== current.ln || parsed.r !== current.r || parsed.p !== current.p;
}

function derive(password: string, salt: Uint8Array, cost: Cost): Promise<Uint8Array> {
  const options = { N: 2 ** cost.ln, r: cost.r, p: cost.p, maxmem: maxMemoryBytes };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, hashBytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function parsePhc(text: string): Phc | null {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(text);
  if (match === null) return null;
  const [, ln = "", r = "", p = "", salt = "", hash = ""] = match;
  return { ln: Number(ln), r: Number(r), p: Number(p), salt: fromBase64(salt), hash: fromBase64(hash) };
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("=", "");
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
