/** The shapes of shares on the wire: as their owner sees them, and as who was offered one does. */
import { z } from "@hono/zod-openapi";
import {
  guestRoles,
  phaseSchema,
  roleSchema,
  statusOf,
  statusSchema,
} from "../../../durable-objects/protocol/vocabulary.ts";
import type { Offer } from "../../domain/sharing/accept.ts";
import type { Share } from "../../domain/sharing/offer.ts";
import { isObject } from "../../http/router.ts";
import { shareBounds, shareKinds } from "../../rules/sharing.ts";
import { email, username } from "../account-shapes.ts";

const exampleId = "shr_k3v9q0z7w1m5x8r2t6y4";
const shareExample = {
  id: exampleId,
  kind: "link" as const,
  role: "viewer" as const,
  username: null,
  email: null,
  state: "accepted" as const,
  created_at: "2026-10-20T12:00:00.000Z",
  expires_at: "2026-10-27T12:00:00.000Z",
  guests: [{ id: "usr_4k2m9x7p1q8w5e3r6t0y", username: "grace", accepted_at: "2026-10-20T12:05:00.000Z" }],
};

export const guestRoleSchema = z.enum(guestRoles);

export const shareSchema = z
  .object({
    id: z.string(),
    kind: z.enum(shareKinds),
    role: guestRoleSchema,
    username: z.string().nullable().openapi({ description: "As it was typed; nothing tells whether somebody has it" }),
    email: z.string().nullable(),
    state: z.enum(["pending", "accepted"]),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    guests: z.array(z.object({ id: z.string(), username: z.string(), accepted_at: z.iso.datetime() })),
  })
  .openapi("Share", { example: shareExample });

export const sharesSchema = z.object({ shares: z.array(shareSchema) }).openapi("Shares", {
  example: { shares: [shareExample] },
});

const secretExample = `dp_share_${"A".repeat(43)}`;
export const newShareSchema = shareSchema
  .extend({
    secret: z.string().nullable().openapi({ description: "Of a link: shown here and never again" }),
    url: z
      .string()
      .nullable()
      .openapi({ description: "The link itself. The secret stands behind `#`: no server sees it" }),
  })
  .openapi("NewShare", {
    example: {
      ...shareExample,
      state: "pending",
      guests: [],
      secret: secretExample,
      url: `https://devpocket.app/#/share/${secretExample}`,
    },
  });

/** The field that says for whom, by kind; it must be there and says nothing of the other kinds. */
const addressees = { user: "username", email: "email", link: null } as const;

export const askedShareSchema = z
  .object({
    kind: z.enum(shareKinds).default("link"),
    username: username.optional(),
    email: email.optional(),
    role: guestRoleSchema.default("viewer"),
    expires_in_seconds: z
      .int()
      .min(shareBounds.minSeconds)
      .max(shareBounds.maxSeconds)
      .default(shareBounds.defaultSeconds),
  })
  .superRefine(
    (asked, context) => {
      const field = addressees[asked.kind] ?? null;
      if (field === null || asked[field] !== undefined) return;
      context.addIssue({ code: "custom", path: [field], message: "Required", params: { code: "invalid_type" } });
    },
    { when: isObject },
  )
  .openapi("ShareRequest", {
    description: "`username` goes with the kind `user`, `email` with the kind `email`",
    example: { kind: "link", role: "viewer", expires_in_seconds: 86_400 },
  });

/** For whom it is, or null. */
export function addresseeIn(asked: z.output<typeof askedShareSchema>): string | null {
  const field = addressees[asked.kind];
  return field === null ? null : (asked[field] ?? null);
}

export function shareBody({
  id,
  kind,
  role,
  addressee,
  createdAt,
  expiresAt,
  guests,
}: Share): z.infer<typeof shareSchema> {
  return {
    id,
    kind,
    role,
    username: kind === "user" ? addressee : null,
    email: kind === "email" ? addressee : null,
    state: guests.length > 0 ? "accepted" : "pending",
    created_at: createdAt.toISOString(),
    expires_at: expiresAt.toISOString(),
    guests: guests.map((guest) => ({
      id: guest.userId,
      username: guest.username,
      accepted_at: guest.acceptedAt.toISOString(),
    })),
  };
}

const offerExample = {
  id: exampleId,
  role: "driver" as const,
  state: "accepted" as const,
  expires_at: "2026-10-27T12:00:00.000Z",
  owner: { id: "usr_7h3n1v8c2x6z9l4k5j0g", username: "ada" },
  environment: {
    id: "env_k3v9q0z7w1m5x8r2t6y4",
    name: "my-app",
    status: "running" as const,
    phase: "running" as const,
    template_id: "python",
    template_name: "Python",
  },
};

export const offerSchema = z
  .object({
    id: z.string(),
    role: roleSchema,
    state: z.enum(["pending", "accepted"]),
    expires_at: z.iso.datetime(),
    owner: z.object({ id: z.string(), username: z.string() }),
    environment: z.object({
      id: z.string(),
      name: z.string(),
      status: statusSchema,
      phase: phaseSchema,
      template_id: z.string(),
      template_name: z.string(),
    }),
  })
  .openapi("ReceivedShare", { example: offerExample });

export const offersSchema = z.object({ shares: z.array(offerSchema) }).openapi("ReceivedShares", {
  example: { shares: [offerExample] },
});

export function offerBody({ id, role, acceptedAt, expiresAt, owner, environment }: Offer): z.infer<typeof offerSchema> {
  return {
    id,
    role,
    state: acceptedAt === null ? "pending" : "accepted",
    expires_at: expiresAt.toISOString(),
    owner,
    environment: {
      id: environment.id,
      name: environment.name,
      status: statusOf(environment.phase),
      phase: environment.phase,
      template_id: environment.templateId,
      template_name: environment.templateName,
    },
  };
}

export const acceptanceSchema = z
  .object({ secret: z.string().min(1).max(256) })
  .openapi("ShareAcceptance", { example: { secret: secretExample } });
