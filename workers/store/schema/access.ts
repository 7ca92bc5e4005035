/**
 * Tables of how people prove who they are besides a password: identities elsewhere, secrets sent by mail, devices
 * they signed in from, tokens for their programs. Every secret is kept as its SHA-256 only.
 */
import { sql } from "drizzle-orm";
import { index, integer, pgTable, primaryKey, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core";
import { scopes } from "../../rules/principal.ts";
import { users } from "./accounts.ts";

const time = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

/** Who somebody is at an OpenID provider; (issuer, subject) never changes, an e-mail address may. */
export const identities = pgTable(
  "identities",
  {
    issuer: text("issuer").notNull(),
    subject: text("subject").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    email: text("email"),
    createdAt: time("created_at").notNull().defaultNow(),
    lastUsedAt: time("last_used_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.issuer, table.subject] }), index("identities_user_id_idx").on(table.userId)],
);

/**
 * The secret that was mailed last, one for each person and purpose, so that a newer mail ends the older one: a long
 * token for the link and, to verify an address, a 6-digit code beside it.
 */
export const mailSecrets = pgTable(
  "mail_secrets",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    purpose: text("purpose", { enum: ["verify_email", "reset_password"] }).notNull(),
    tokenHash: text("token_hash").notNull().unique(),
    /** SHA-256 of the row's id and the code, so that equal codes look different. */
    codeHash: text("code_hash"),
    /** Wrong codes so far. */
    attempts: integer("attempts").notNull().default(0),
    createdAt: time("created_at").notNull().defaultNow(),
    expiresAt: time("expires_at").notNull(),
    usedAt: time("used_at"),
  },
  (table) => [
    uniqueIndex("mail_secrets_user_key").on(table.userId, table.purpose),
    index("mail_secrets_expires_idx").on(table.expiresAt),
  ],
);

/** Where an account signed in from: an address, or a cookie of ours; known for 30 days. */
export const knownDevices = pgTable(
  "known_devices",
  {
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** SHA-256 of the kind (`address` or `cookie`) and its value. */
    deviceHash: text("device_hash").notNull(),
    signedInAt: time("signed_in_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.deviceHash] }),
    index("known_devices_signed_in_idx").on(table.signedInAt),
  ],
);

/** Tokens for programs (`dp_pat_...`), each with its scopes. */
export const personalTokens = pgTable(
  "personal_tokens",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    tokenHash: text("token_hash").notNull().unique(),
    scopes: text("scopes", { enum: scopes }).array().notNull(),
    createdAt: time("created_at").notNull().defaultNow(),
    /** null = until it is revoked. */
    expiresAt: time("expires_at"),
    lastUsedAt: time("last_used_at"),
    revokedAt: time("revoked_at"),
  },
  (table) => [index("personal_tokens_user_idx").on(table.userId).where(sql`revoked_at is null`)],
);
