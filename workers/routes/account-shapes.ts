/** How accounts look on the wire, and the rules of what people may call themselves. */
import { z } from "@hono/zod-openapi";
import { versionOf } from "../http/versions.ts";
import { passwordProblems, usernamePattern } from "../rules/credentials.ts";
import type { Account } from "../rules/principal.ts";
import type { TokenPair } from "../rules/tokens.ts";
import { publicUrlSchema } from "../rules/urls.ts";

const maxEmailLength = 254;
const maxTypedLength = 1024;
const maxUrlLength = 2048;

export const userExample = {
  id: "usr_k3v9q0z7w1m5x8r2t6y4",
  username: "ada",
  email: "ada@example.com",
  full_name: "Ada Lovelace",
  is_active: true,
  is_verified: true,
  avatar_url: null,
  role: "user",
  subscription_plan: "free",
  created_at: "2026-10-20T12:00:00.000Z",
  last_login: "2026-10-20T12:00:00.000Z",
};

export const userSchema = z
  .object({
    id: z.string(),
    username: z.string(),
    email: z.string(),
    full_name: z.string().nullable(),
    is_active: z.boolean(),
    is_verified: z.boolean(),
    avatar_url: z.string().nullable(),
    role: z.enum(["user", "admin"]),
    subscription_plan: z.string(),
    created_at: z.iso.datetime(),
    last_login: z.iso.datetime().nullable(),
  })
  .openapi("User", { example: userExample });
export type User = z.infer<typeof userSchema>;

/** What people can change of their account. */
export const userVersion = versionOf("username", "full_name", "avatar_url");

export const tokensExample = {
  access_token: "eyJhbGciOiJFZERTQSJ9.eyJ0eXBlIjoiYWNjZXNzIn0.c2ln",
  refresh_token: "eyJhbGciOiJFZERTQSJ9.eyJ0eXBlIjoicmVmcmVzaCJ9.c2ln",
  token_type: "bearer",
  expires_in: 86_400,
};

export const tokensSchema = z
  .object({
    access_token: z.string(),
    refresh_token: z.string(),
    token_type: z.literal("bearer"),
    expires_in: z.number().int().openapi({ description: "Seconds until the access token expires" }),
  })
  .openapi("Tokens", { example: tokensExample }) satisfies z.ZodType<TokenPair>;

export const messageSchema = z
  .object({ message: z.string() })
  .openapi("Message", { description: "What was done, for people", example: { message: "Done" } });

export const username = z.string().trim().regex(usernamePattern, "Username must have 3 to 30 letters, digits, _ or -");

export const email = z.string().trim().max(maxEmailLength).pipe(z.email("Enter a valid e-mail address"));

/** A new password; each broken rule is an error of its own. */
export const newPassword = z.string().superRefine((password, context) => {
  for (const message of passwordProblems(password)) context.addIssue({ code: "custom", message });
});

/** A user name or an e-mail address as somebody typed it to sign in. */
export const typedName = z.string().max(maxTypedLength);

/** A password as somebody typed it: it is compared, so no rule applies. */
export const typedPassword = z.string().min(1).max(maxTypedLength);

export const fullName = z
  .string()
  .trim()
  .max(100)
  .transform((text) => text || null);

export const avatarUrl = publicUrlSchema(maxUrlLength);

/** An account as clients see it. */
export function toUser(account: Account): User {
  return {
    id: account.id,
    username: account.username,
    email: account.email,
    full_name: account.fullName,
    is_active: account.isActive,
    is_verified: account.isVerified,
    avatar_url: account.avatarUrl,
    role: account.role,
    subscription_plan: account.plan,
    created_at: account.createdAt.toISOString(),
    last_login: account.lastLoginAt?.toISOString() ?? null,
  };
}
