/** Tables of what was done and refused. Rows of `audit_events` are only ever added: a trigger refuses anything else. */
import { bigint, index, integer, jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

const time = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

export const auditEvents = pgTable(
  "audit_events",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    at: time("at").notNull(),
    /** The id of who acted, null where nobody is known; not a foreign key, so that a row outlives its actor. */
    actorId: text("actor_id"),
    actorKind: text("actor_kind", { enum: ["user", "token", "bridge", "system", "operator", "anonymous"] }).notNull(),
    /** `noun.verb`, e.g. `session.create`. */
    action: text("action").notNull(),
    targetKind: text("target_kind"),
    targetId: text("target_id"),
    outcome: text("outcome", { enum: ["ok", "failed", "denied"] }).notNull(),
    address: text("address"),
    requestId: text("request_id").notNull(),
    /** Facts for people, never a secret. */
    detail: jsonb("detail").$type<Record<string, unknown>>().notNull().default({}),
  },
  (table) => [
    index("audit_events_at_idx").on(table.at, table.id),
    index("audit_events_actor_idx").on(table.actorId, table.at),
    index("audit_events_target_idx").on(table.targetId, table.at),
    index("audit_events_action_idx").on(table.action, table.at),
  ],
);

/** Refusals, counted: one row for each actor, route and minute, so that a flood of them is a number. */
export const auditDenials = pgTable(
  "audit_denials",
  {
    minute: time("minute").notNull(),
    /** A user's, token's or bridge token's id, or `address:<address>`. */
    actor: text("actor").notNull(),
    /** Method and pattern. */
    route: text("route").notNull(),
    /** The failure's code. */
    code: text("code").notNull(),
    count: integer("count").notNull(),
    lastAddress: text("last_address"),
    lastRequestId: text("last_request_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.minute, table.actor, table.route, table.code] })],
);
