/** Who somebody is at an OpenID provider, and what they may be called here. Pure. */
import { z } from "zod";

export interface ProviderIdentity {
  issuer: string;
  /** Never changes and is never given to anybody else; an e-mail address may be both. */
  subject: string;
  /** Verified by the provider. */
  email: string;
  name: string | null;
}

const maxNameLength = 100;
const maxUsernameLength = 30;
const minUsernameLength = 3;

/** The claims of an id token that count here. Google has written `email_verified` as a text, too. */
export const identityClaimsSchema = z.object({
  sub: z.string().regex(/^[\x21-\x7e]{1,255}$/),
  aud: z.union([z.string(), z.array(z.string())]),
  azp: z.string().optional(),
  nonce: z.string().optional(),
  email: z.email().max(254).optional().catch(undefined),
  email_verified: z
    .union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")])
    .optional()
    .catch(false),
  name: z
    .string()
    .transform((text) => text.replace(/\p{C}/gu, "").trim().slice(0, maxNameLength).toWellFormed() || null)
    .nullable()
    .default(null)
    .catch(null),
});

/** A user name of 3 to 30 allowed characters, made from an e-mail address; the suffix makes it another one. */
export function usernameFor(email: string, suffix: string): string {
  const [local = ""] = email.split("@");
  const plain = local.normalize("NFKD").replace(/\p{M}/gu, "");
  const allowed = plain.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^-+|-+$/g, "");
  const base = allowed.length < minUsernameLength ? `user-${allowed}`.replace(/-$/, "") : allowed;
  return suffix === ""
    ? base.slice(0, maxUsernameLength)
    : `${base.slice(0, maxUsernameLength - suffix.length - 1)}-${suffix}`;
}
