/** The shapes of the API's answers about a person's account (contract.md section 3), as far as the page reads them. */
import * as z from "zod/mini";

export const userSchema = z.object({
  id: z.string(),
  username: z.string(),
  email: z.string(),
  full_name: z.nullish(z.string()),
  is_verified: z.boolean(),
  role: z.string(),
  subscription_plan: z.string(),
});
export type User = z.infer<typeof userSchema>;

/** One signed-in device. */
export const sessionSchema = z.object({
  id: z.string(),
  current: z.boolean(),
  last_seen: z.string(),
  address: z.nullish(z.string()),
  user_agent: z.nullish(z.string()),
  method: z.string(),
});
export type Session = z.infer<typeof sessionSchema>;
export const sessionListSchema = z.object({ sessions: z.array(sessionSchema) });

/** A token that a person made for a program; its secret is told once, by the answer that made it. */
export const personalTokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  created_at: z.string(),
  expires_at: z.nullish(z.string()),
  last_used: z.nullish(z.string()),
});
export type PersonalToken = z.infer<typeof personalTokenSchema>;
export const personalTokenListSchema = z.object({ tokens: z.array(personalTokenSchema) });
export const newTokenSchema = z.object({ token: z.string() });

/** What a plan allows and how much of it is used; null = no limit. */
export const limitsSchema = z.object({
  plan: z.string(),
  allowed: z.object({
    environments: z.number(),
    running_hours: z.nullable(z.number()),
    cpu: z.string(),
    memory: z.string(),
    storage: z.string(),
    idle_minutes: z.nullable(z.number()),
    sockets: z.number(),
  }),
  /** null = not known right now. */
  used: z.object({ environments: z.number(), running_hours: z.number(), sockets: z.nullable(z.number()) }),
  /** When the running hours begin anew. */
  resets_at: z.string(),
});
export type Limits = z.infer<typeof limitsSchema>;
