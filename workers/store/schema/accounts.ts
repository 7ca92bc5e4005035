/** Tables of people: users, their plans and their sessions. */
import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core";

const time = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

/** What a subscription allows; null = no limit. An admin may edit the rows. */
export const plans = pgTable("plans", {
  id: text("id").primaryKey(),
  maxEnvironments: integer("max_environments").notNull(),
  maxCpuMillicores: integer("max_cpu_millicores").notNull(),
  maxMemoryBytes: bigint("max_memory_bytes", { mode: "number" }).notNull(),
  maxStorageBytes: bigint("max_storage_bytes", { mode: "number" }).notNull(),
  idleSeconds: integer("idle_seconds"),
  runningSecondsPerMonth: integer("running_seconds_per_month"),
  requestsPerMinute: integer("requests_per_minute").notNull(),
  /** How long an environment may work with nobody attending before it counts as idle. */
  unattendedSeconds: integer("unattended_seconds"),
  updatedAt: time("updated_at").notNull().defaultNow(),
});

export const users = pgTable(
  "users",
  {
    id: text("id").primaryKey(),
    username: text("username").notNull(),
    email: text("email").notNull(),
    fullName: text("full_name"),
    /** PHC string (scrypt); null for people who only sign in elsewhere. */
    passwordHash: text("password_hash"),
    isActive: boolean("is_active").notNull().default(true),
    isVerified: boolean("is_verified").notNull().default(false),
    /** When its owner showed that the e-mail address is theirs; null = it was taken at its word, verified or not. */
    emailProvenAt: time("email_proven_at"),
    avatarUrl: text("avatar_url"),
    role: text("role", { enum: ["user", "admin"] })
      .notNull()
      .default("user"),
    planId: text("plan_id")
      .notNull()
      .default("free")
      .references(() => plans.id),
    /** A change of plan stops nothing at once: limits that end what runs wait a day from here. */
    planChangedAt: time("plan_changed_at"),
    lastLoginAt: time("last_login_at"),
    createdAt: time("created_at").notNull().defaultNow(),
    updatedAt: time("updated_at").notNull().defaultNow(),
    deletedAt: time("deleted_at"),
  },
  (table) => [
    uniqueIndex("users_username_key").on(sql`lower(${table.username})`),
    uniqueIndex("users_email_key").on(sql`lower(${table.email})`),
    index("users_created_idx").on(table.createdAt, table.id),
    index("users_username_prefix_idx").on(sql`lower(${table.username}) text_pattern_ops`),
    index("users_email_prefix_idx").on(sql`lower(${table.email}) text_pattern_ops`),
    index("users_admins_idx").on(table.id).where(sql`role = 'admin'`),
  ],
);

/** One signed-in device; also the family of its refresh tokens. Only hashes of token ids are kept. */
export const sessions = pgTable(
  "sessions",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    /** SHA-256 of the live refresh token's jti; iat and exp make the same text again within the grace window. */
    refreshJtiHash: text("refresh_jti_hash").notNull(),
    refreshIssuedAt: time("refresh_issued_at").notNull(),
    refreshExpiresAt: time("refresh_expires_at").notNull(),
    previousJtiHash: text("previous_jti_hash"),
    rotatedAt: time("rotated_at"),
    absoluteExpiresAt: time("absolute_expires_at").notNull(),
    createdAt: time("created_at").notNull().defaultNow(),
    lastSeenAt: time("last_seen_at").notNull().defaultNow(),
    endedAt: time("ended_at"),
    endedReason: text("ended_reason"),
    userAgent: text("user_agent"),
    address: text("address"),
    /** How the person proved who they are. */
    method: text("method", { enum: ["password", "google"] })
      .notNull()
      .default("password"),
  },
  (table) => [
    index("sessions_user_id_idx").on(table.userId).where(sql`ended_at is null`),
    index("sessions_ended_idx").on(table.endedAt).where(sql`ended_at is not null`),
    index("sessions_refresh_expires_idx").on(table.refreshExpiresAt),
  ],
);

/**
 * Wrong passwords in a row for one login name and the lock they led to. Kept apart from `users`, so that an unknown
 * name fails, locks and answers exactly as a known one does. `subject` is a user id or the hash of an unknown name;
 * a known device of an account counts for itself, as `<user id>/<hash of the device>`.
 */
export const loginAttempts = pgTable(
  "login_attempts",
  {
    subject: text("subject").primaryKey(),
    failures: integer("failures").notNull(),
    lockedUntil: time("locked_until"),
    updatedAt: time("updated_at").notNull().defaultNow(),
  },
  (table) => [index("login_attempts_updated_idx").on(table.updatedAt)],
);
