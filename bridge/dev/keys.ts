/** Makes the keys the Worker is configured with; keeps none of them. */
import { generateKeyPairSync, randomBytes } from "node:crypto";

/** JWT_KEYS: a JSON Web Key set with one new private Ed25519 key; the first key of a set signs. */
export function newJwtKeys(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  const key = { ...privateKey.export({ format: "jwk" }), kid: newKeyId(), alg: "EdDSA", use: "sig" };
  return JSON.stringify({ keys: [key] });
}

/** ENVIRONMENT_KEYS: `keyId:key`, the key 32 random bytes in base64url; the first of a comma-separated list seals. */
export function newEnvironmentKeys(): string {
  return `${newKeyId()}:${randomBytes(32).toString("base64url")}`;
}

/** BRIDGE_TOKEN: what a bridge shows to the edge. */
export function newBridgeToken(): string {
  return `dp_bridge_${randomBytes(32).toString("base64url")}`;
}

/** A password or token of 144 random bits. */
export function newSecret(): string {
  return randomBytes(18).toString("base64url");
}

function newKeyId(): string {
  return `k${randomBytes(4).toString("hex")}`;
}
