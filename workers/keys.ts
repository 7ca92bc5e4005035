/** The keys that variables hold, as `npm run keys` writes them: those that sign tokens, and those that seal what people keep. */
import { z } from "zod";
import type { EnvironmentKey, SigningKey } from "./rules/config.ts";

const signingKeySchema = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  kid: z.string().min(1),
  x: z.string().min(1),
  d: z.string().min(1),
});

/** A JSON JWK set of private Ed25519 keys. */
export function parseSigningKeys(text: string, context: z.RefinementCtx): SigningKey[] {
  const set = z.object({ keys: z.array(signingKeySchema).min(1) }).safeParse(parseJson(text));
  if (set.success) return set.data.keys;
  context.addIssue("must be a JSON JWK set of private Ed25519 keys, each with a kid (npm run keys)");
  return z.NEVER;
}

/** `id:32 bytes in base64url`, separated by commas. */
export function parseEnvironmentKeys(text: string, context: z.RefinementCtx): EnvironmentKey[] {
  const keys = text.split(",").map((part) => parseEnvironmentKey(part.trim()));
  if (keys.every((key) => key !== null)) return keys;
  context.addIssue("must be keyId:32 bytes in base64url, separated by commas (npm run keys)");
  return z.NEVER;
}

function parseEnvironmentKey(text: string): EnvironmentKey | null {
  const match = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_-]{43})$/.exec(text);
  if (match === null) return null;
  const [, id = "", base64url = ""] = match;
  const binary = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return { id, bytes: Uint8Array.from(binary, (char) => char.charCodeAt(0)) };
}

/** Null for text that is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
