/** Tables of what can be created and where: templates, clusters, who may use them, the bridges' tokens. */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { users } from "./accounts.ts";

const time = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

/** A template's id is its slug; the app prints it to people. */
export const templates = pgTable("templates", {
  id: text("id").primaryKey(),
  displayName: text("display_name").notNull(),
  description: text("description").notNull(),
  category: text("category", {
    enum: ["programming_language", "framework", "database", "devops", "operating_system"],
  }).notNull(),
  tags: text("tags").array().notNull().default(sql`'{}'`),
  aliases: text("aliases").array().notNull().default(sql`'{}'`),
  dockerImage: text("docker_image").notNull(),
  defaultPort: integer("default_port"),
  cpuMillicores: integer("cpu_millicores").notNull(),
  memoryBytes: bigint("memory_bytes", { mode: "number" }).notNull(),
  storageBytes: bigint("storage_bytes", { mode: "number" }).notNull(),
  environmentVariables: jsonb("environment_variables").$type<Record<string, string>>().notNull().default({}),
  startupCommands: jsonb("startup_commands").$type<string[]>().notNull().default([]),
  needsRoot: boolean("needs_root").notNull().default(false),
  documentationUrl: text("documentation_url"),
  iconUrl: text("icon_url"),
  status: text("status", { enum: ["active", "deprecated", "beta"] })
    .notNull()
    .default("active"),
  version: text("version").notNull().default("1.0.0"),
  usageCount: integer("usage_count").notNull().default(0),
  createdAt: time("created_at").notNull().defaultNow(),
  updatedAt: time("updated_at").notNull().defaultNow(),
});

/**
 * Every name a template goes by (id, aliases, display name) in lower case, each of one template only. A trigger on
 * `templates` writes it, so that nobody who writes a template can forget.
 */
export const templateNames = pgTable(
  "template_names",
  {
    name: text("name").primaryKey(),
    templateId: text("template_id")
      .notNull()
      .references(() => templates.id, { onDelete: "cascade" }),
  },
  (table) => [index("template_names_template_idx").on(table.templateId)],
);

export const clusters = pgTable(
  "clusters",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    description: text("description"),
    provider: text("provider").notNull().default("kubernetes"),
    region: text("region").notNull().default("local"),
    status: text("status", { enum: ["active", "inactive", "maintenance"] })
      .notNull()
      .default("active"),
    /** Open to every user; otherwise only to those linked in `user_clusters`. */
    isShared: boolean("is_shared").notNull().default(true),
    isDefault: boolean("is_default").notNull().default(false),
    nodeCount: integer("node_count").notNull().default(1),
    maxEnvironments: integer("max_environments").notNull().default(100),
    /** Grows with every change to what is desired of the cluster; the ETag of the bridge's list. */
    revision: bigint("revision", { mode: "number" }).notNull().default(0),
    /** Last report of a bridge, and which runtime it spoke for. */
    lastSeenAt: time("last_seen_at"),
    runtime: text("runtime"),
    createdAt: time("created_at").notNull().defaultNow(),
    updatedAt: time("updated_at").notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex("clusters_name_key").on(sql`lower(${table.name})`),
    uniqueIndex("clusters_default_key").on(table.isDefault).where(sql`is_default`),
  ],
);

export const userClusters = pgTable(
  "user_clusters",
  {
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    clusterId: text("cluster_id")
      .notNull()
      .references(() => clusters.id, { onDelete: "cascade" }),
    createdAt: time("created_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.clusterId] })],
);

/** A bridge shows its token; only its SHA-256 is kept. */
export const bridgeTokens = pgTable(
  "bridge_tokens",
  {
    id: text("id").primaryKey(),
    clusterId: text("cluster_id")
      .notNull()
      .references(() => clusters.id, { onDelete: "cascade" }),
    tokenHash: text("token_hash").notNull().unique(),
    /** For people, to tell one token from another. */
    name: text("name").notNull().default("bridge"),
    createdAt: time("created_at").notNull().defaultNow(),
    lastUsedAt: time("last_used_at"),
    revokedAt: time("revoked_at"),
  },
  (table) => [index("bridge_tokens_cluster_id_idx").on(table.clusterId)],
);
