/** Tables of sharing: what an owner has offered to others, and who has taken it up. */
import { sql } from "drizzle-orm";
import { index, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";
import { guestRoles } from "../../../durable-objects/protocol/vocabulary.ts";
import { shareKinds } from "../../rules/sharing.ts";
import { users } from "./accounts.ts";
import { environments } from "./environments.ts";

const time = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

/** An offer to watch or drive an environment until a time. It lives while `expires_at` is ahead; revoking moves that. */
export const shares = pgTable(
  "shares",
  {
    id: text("id").primaryKey(),
    environmentId: text("environment_id")
      .notNull()
      .references(() => environments.id, { onDelete: "cascade" }),
    createdBy: text("created_by")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    kind: text("kind", { enum: shareKinds }).notNull(),
    role: text("role", { enum: guestRoles }).notNull(),
    /** Whom a share of kind `user` is for; null also where nobody has the name, which its owner is not told. */
    granteeId: text("grantee_id").references(() => users.id, { onDelete: "cascade" }),
    /** The user name or the e-mail address as it was typed; null for a link. */
    addressee: text("addressee"),
    /** SHA-256 of what the mail or the link holds; null for a share of kind `user`. */
    secretHash: text("secret_hash").unique(),
    createdAt: time("created_at").notNull(),
    expiresAt: time("expires_at").notNull(),
    revokedAt: time("revoked_at"),
    /** When the sockets of its guests were closed after its end; null = it lives, or that is still to be done. */
    closedAt: time("closed_at"),
  },
  (table) => [
    index("shares_environment_idx").on(table.environmentId, table.createdAt),
    index("shares_created_by_idx").on(table.createdBy),
    index("shares_grantee_idx").on(table.granteeId).where(sql`grantee_id is not null`),
    index("shares_unclosed_idx").on(table.expiresAt).where(sql`closed_at is null`),
    index("shares_closed_idx").on(table.closedAt).where(sql`closed_at is not null`),
  ],
);

/** Who has accepted a share. Of a link that may be many, of the other kinds one. */
export const shareGuests = pgTable(
  "share_guests",
  {
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    shareId: text("share_id")
      .notNull()
      .references(() => shares.id, { onDelete: "cascade" }),
    acceptedAt: time("accepted_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.shareId] }),
    index("share_guests_share_idx").on(table.shareId, table.acceptedAt),
  ],
);

/** Whom a share of many was taken from: they may not accept it again. */
export const removedGuests = pgTable(
  "removed_guests",
  {
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    shareId: text("share_id")
      .notNull()
      .references(() => shares.id, { onDelete: "cascade" }),
    removedAt: time("removed_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.shareId] }),
    index("removed_guests_share_idx").on(table.shareId),
  ],
);

/** Whose rights at an environment have changed and whose sockets there are still to be closed. */
export const untoldGuests = pgTable(
  "untold_guests",
  {
    environmentId: text("environment_id")
      .notNull()
      .references(() => environments.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** When their rights changed last. */
    since: time("since").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.environmentId, table.userId] }),
    index("untold_guests_user_idx").on(table.userId),
    index("untold_guests_since_idx").on(table.since),
  ],
);
