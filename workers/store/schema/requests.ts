/** Table of requests that may be repeated safely: what was answered under an Idempotency-Key. */
import { index, integer, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

const time = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

export const idempotentRequests = pgTable(
  "idempotent_requests",
  {
    /** A user's id, or `anonymous`. */
    actor: text("actor").notNull(),
    /** SHA-256 of route and key. */
    keyHash: text("key_hash").notNull(),
    /** Keyed hash of the body, which may hold a password: another body under the same key is a mistake. */
    bodyHash: text("body_hash").notNull(),
    /** null while the first request is still at work. */
    status: integer("status"),
    /** Headers and body, sealed with ENVIRONMENT_KEYS: an answer may hold a token. */
    sealedAnswer: text("sealed_answer"),
    createdAt: time("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.actor, table.keyHash] }),
    index("idempotent_requests_created_idx").on(table.createdAt),
  ],
);
