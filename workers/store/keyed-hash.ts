/**
 * Hashes of texts that may hold a password, kept at rest: HMAC-SHA-256 under a key derived from ENVIRONMENT_KEYS, so
 * that whoever has the rows alone cannot try passwords against them. Written `keyId.hex`; the first key hashes, every
 * key compares.
 */
import { createHmac } from "node:crypto";
import type { SealingKey } from "./sealing.ts";

const purpose = "hash of a request body";

/** Hashes with the first key. */
export function keyedHash(keys: readonly SealingKey[], text: string): string {
  const [key] = keys;
  if (key === undefined) throw new Error("hashing needs a key");
  return hashWith(key, text);
}

/** Whether `hash` is that of this text, by the key it names; a key that is gone matches nothing. */
export function isKeyedHashOf(keys: readonly SealingKey[], hash: string, text: string): boolean {
  const key = keys.find(({ id }) => hash.startsWith(`${id}.`));
  return key !== undefined && hash === hashWith(key, text);
}

/** The key that seals is not the key that hashes: one is derived from the other for this purpose alone. */
function hashWith(key: SealingKey, text: string): string {
  const derived = createHmac("sha256", key.bytes).update(purpose).digest();
  return `${key.id}.${createHmac("sha256", derived).update(text).digest("hex")}`;
}
