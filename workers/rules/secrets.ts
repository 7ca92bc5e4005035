/**
 * Secrets that we hand out as text: 256 random bits in base64url behind a prefix that tells people and scanners what
 * they found. What is kept of one is its SHA-256 (`hashOf`): of so many random bits nothing can be guessed back.
 */
import { Buffer } from "node:buffer";

export const secretBytes = 32;

export const secretPrefixes = {
  personalToken: "dp_pat_",
  ticket: "dp_ticket_",
  googleCode: "dp_google_",
  bridgeToken: "dp_bridge_",
  share: "dp_share_",
} as const;
export type SecretKind = keyof typeof secretPrefixes;

/** A secret as text; `bytes` are 32 random ones. */
export function secretText(kind: SecretKind, bytes: Uint8Array): string {
  return secretPrefixes[kind] + base64url(bytes);
}

/** Whether a text has the form of such a secret; says nothing of whether it is one. */
export function isSecret(kind: SecretKind, text: string): boolean {
  const prefix = secretPrefixes[kind];
  return text.startsWith(prefix) && /^[A-Za-z0-9_-]{43}$/.test(text.slice(prefix.length));
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
