/** Tables of environments: what is wanted of each, what was last seen, and the history of its readings. */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  date,
  index,
  integer,
  pgTable,
  primaryKey,
  real,
  text,
  timestamp,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { desiredStates, phases } from "../../../durable-objects/protocol/vocabulary.ts";
import { users } from "./accounts.ts";
import { clusters, templates } from "./catalog.ts";

const time = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

export const environments = pgTable(
  "environments",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    clusterId: text("cluster_id")
      .notNull()
      .references(() => clusters.id),
    templateId: text("template_id")
      .notNull()
      .references(() => templates.id),
    name: text("name").notNull(),
    description: text("description"),
    /** Copied from the template at creation: a later change of the template changes no environment. */
    dockerImage: text("docker_image").notNull(),
    port: integer("port"),
    webPort: integer("web_port"),
    externalUrl: text("external_url"),
    cpuMillicores: integer("cpu_millicores").notNull(),
    memoryBytes: bigint("memory_bytes", { mode: "number" }).notNull(),
    storageBytes: bigint("storage_bytes", { mode: "number" }).notNull(),
    /** AES-256-GCM, `keyId.iv.ciphertext` in base64url; the plaintext is a JSON object of strings. */
    sealedVariables: text("sealed_variables").notNull(),
    /** Desired: written by the domain. */
    desired: text("desired", { enum: desiredStates }).notNull().default("running"),
    generation: integer("generation").notNull().default(1),
    pendingRestart: boolean("pending_restart").notNull().default(false),
    /** Observed: written from the bridge's reports through rules/lifecycle. */
    phase: text("phase", { enum: phases }).notNull().default("creating"),
    statusMessage: text("status_message"),
    phaseReason: text("phase_reason"),
    phaseSince: time("phase_since").notNull().defaultNow(),
    /** A waiting phase turns into `error` at this time, in the sweep and whenever the row is read. */
    phaseDeadlineAt: time("phase_deadline_at"),
    installationCompleted: boolean("installation_completed").notNull().default(false),
    lastActivityAt: time("last_activity_at"),
    /** Last input, or a viewer that was watching. */
    attendedAt: time("attended_at"),
    /** Last output, or CPU above the threshold. */
    workedAt: time("worked_at"),
    /** When its bridge last told how it is, by our clock. */
    heardAt: time("heard_at"),
    /** Up to here the running time is in `usage_months`; null while it does not run. */
    meteredAt: time("metered_at"),
    /** When it will be stopped by itself, once its owner was warned of that. */
    autoStopAt: time("auto_stop_at"),
    lastAccessedAt: time("last_accessed_at"),
    /** Percent of the limit, from the newest sample; null = unknown. */
    cpuUsage: real("cpu_usage"),
    memoryUsage: real("memory_usage"),
    storageUsage: real("storage_usage"),
    createdAt: time("created_at").notNull().defaultNow(),
    updatedAt: time("updated_at").notNull().defaultNow(),
    deletedAt: time("deleted_at"),
  },
  (table) => [
    uniqueIndex("environments_user_name_key")
      .on(table.userId, sql`lower(${table.name})`)
      .where(sql`deleted_at is null`),
    index("environments_user_newest_idx").on(table.userId, table.createdAt, table.id).where(sql`deleted_at is null`),
    index("environments_cluster_idx").on(table.clusterId).where(sql`phase <> 'terminated'`),
    index("environments_created_idx").on(table.createdAt, table.id),
    index("environments_template_idx").on(table.templateId).where(sql`deleted_at is null`),
    index("environments_metered_idx").on(table.meteredAt).where(sql`metered_at is not null`),
    index("environments_terminated_idx").on(table.phaseSince).where(sql`phase = 'terminated'`),
    index("environments_deadline_idx").on(table.phaseDeadlineAt).where(sql`phase_deadline_at is not null`),
  ],
);

/** One reading a minute and environment; kept for 7 days. */
export const environmentSamples = pgTable(
  "environment_samples",
  {
    environmentId: text("environment_id")
      .notNull()
      .references(() => environments.id, { onDelete: "cascade" }),
    takenAt: time("taken_at").notNull(),
    cpuUsage: real("cpu_usage"),
    memoryUsage: real("memory_usage"),
    storageUsage: real("storage_usage"),
    networkInBytes: bigint("network_in_bytes", { mode: "number" }),
    networkOutBytes: bigint("network_out_bytes", { mode: "number" }),
    uptimeSeconds: integer("uptime_seconds"),
  },
  (table) => [
    primaryKey({ columns: [table.environmentId, table.takenAt] }),
    index("environment_samples_taken_at_idx").on(table.takenAt),
  ],
);

/** Running seconds of a person's environments in a calendar month (UTC). */
export const usageMonths = pgTable(
  "usage_months",
  {
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** The first day of the month. */
    month: date("month", { mode: "string" }).notNull(),
    runningSeconds: integer("running_seconds").notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.userId, table.month] })],
);
