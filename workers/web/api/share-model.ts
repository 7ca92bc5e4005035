/** The shapes of the API's answers about sharing, as far as the page reads them. */
import * as z from "zod/mini";
import { guestRoles, phases, roles } from "../../../durable-objects/protocol/vocabulary.ts";

/** What somebody offers of an environment of theirs. */
export const shareSchema = z.object({
  id: z.string(),
  kind: z.enum(["user", "email", "link"]),
  role: z.enum(guestRoles),
  username: z.nullish(z.string()),
  email: z.nullish(z.string()),
  expires_at: z.string(),
  guests: z.array(z.object({ id: z.string(), username: z.string() })),
});
export type Share = z.infer<typeof shareSchema>;
export const shareListSchema = z.object({ shares: z.array(shareSchema) });
export const newShareSchema = z.object({ url: z.nullish(z.string()) });

/** What others offer to whoever is signed in. */
export const offerSchema = z.object({
  id: z.string(),
  role: z.enum(roles),
  state: z.enum(["pending", "accepted"]),
  expires_at: z.string(),
  owner: z.object({ username: z.string() }),
  environment: z.object({
    id: z.string(),
    name: z.string(),
    phase: z.enum(phases),
    template_id: z.string(),
    template_name: z.string(),
  }),
});
export type Offer = z.infer<typeof offerSchema>;
export const offerListSchema = z.object({ shares: z.array(offerSchema) });
