CREATE TABLE "plans" (
	"id" text PRIMARY KEY NOT NULL,
	"max_environments" integer NOT NULL,
	"max_cpu_millicores" integer NOT NULL,
	"max_memory_bytes" bigint NOT NULL,
	"max_storage_bytes" bigint NOT NULL,
	"idle_seconds" integer,
	"running_seconds_per_month" integer,
	"requests_per_minute" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"refresh_jti_hash" text NOT NULL,
	"refresh_issued_at" timestamp with time zone NOT NULL,
	"refresh_expires_at" timestamp with time zone NOT NULL,
	"previous_jti_hash" text,
	"rotated_at" timestamp with time zone,
	"absolute_expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	"ended_reason" text,
	"user_agent" text,
	"address" text
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text PRIMARY KEY NOT NULL,
	"username" text NOT NULL,
	"email" text NOT NULL,
	"full_name" text,
	"password_hash" text,
	"is_active" boolean DEFAULT true NOT NULL,
	"is_verified" boolean DEFAULT false NOT NULL,
	"avatar_url" text,
	"role" text DEFAULT 'user' NOT NULL,
	"plan_id" text DEFAULT 'free' NOT NULL,
	"failed_logins" integer DEFAULT 0 NOT NULL,
	"locked_until" timestamp with time zone,
	"last_login_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "bridge_tokens" (
	"id" text PRIMARY KEY NOT NULL,
	"cluster_id" text NOT NULL,
	"token_hash" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "bridge_tokens_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "clusters" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"provider" text DEFAULT 'kubernetes' NOT NULL,
	"region" text DEFAULT 'local' NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"is_shared" boolean DEFAULT true NOT NULL,
	"is_default" boolean DEFAULT false NOT NULL,
	"node_count" integer DEFAULT 1 NOT NULL,
	"max_environments" integer DEFAULT 100 NOT NULL,
	"revision" bigint DEFAULT 0 NOT NULL,
	"last_seen_at" timestamp with time zone,
	"runtime" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "clusters_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "templates" (
	"id" text PRIMARY KEY NOT NULL,
	"display_name" text NOT NULL,
	"description" text NOT NULL,
	"category" text NOT NULL,
	"tags" text[] DEFAULT '{}' NOT NULL,
	"aliases" text[] DEFAULT '{}' NOT NULL,
	"docker_image" text NOT NULL,
	"default_port" integer,
	"cpu_millicores" integer NOT NULL,
	"memory_bytes" bigint NOT NULL,
	"storage_bytes" bigint NOT NULL,
	"environment_variables" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"startup_commands" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"documentation_url" text,
	"icon_url" text,
	"status" text DEFAULT 'active' NOT NULL,
	"version" text DEFAULT '1.0.0' NOT NULL,
	"usage_count" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "user_clusters" (
	"user_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "user_clusters_user_id_cluster_id_pk" PRIMARY KEY("user_id","cluster_id")
);
--> statement-breakpoint
CREATE TABLE "environment_samples" (
	"environment_id" text NOT NULL,
	"taken_at" timestamp with time zone NOT NULL,
	"cpu_usage" real,
	"memory_usage" real,
	"storage_usage" real,
	"network_in_bytes" bigint,
	"network_out_bytes" bigint,
	"uptime_seconds" integer,
	CONSTRAINT "environment_samples_environment_id_taken_at_pk" PRIMARY KEY("environment_id","taken_at")
);
--> statement-breakpoint
CREATE TABLE "environments" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"template_id" text NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"docker_image" text NOT NULL,
	"port" integer,
	"web_port" integer,
	"external_url" text,
	"cpu_millicores" integer NOT NULL,
	"memory_bytes" bigint NOT NULL,
	"storage_bytes" bigint NOT NULL,
	"sealed_variables" text NOT NULL,
	"desired" text DEFAULT 'running' NOT NULL,
	"generation" integer DEFAULT 1 NOT NULL,
	"pending_restart" boolean DEFAULT false NOT NULL,
	"phase" text DEFAULT 'creating' NOT NULL,
	"status_message" text,
	"phase_reason" text,
	"phase_since" timestamp with time zone DEFAULT now() NOT NULL,
	"phase_deadline_at" timestamp with time zone,
	"installation_completed" boolean DEFAULT false NOT NULL,
	"last_activity_at" timestamp with time zone,
	"last_accessed_at" timestamp with time zone,
	"cpu_usage" real,
	"memory_usage" real,
	"storage_usage" real,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_plan_id_plans_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plans"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bridge_tokens" ADD CONSTRAINT "bridge_tokens_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."clusters"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user_clusters" ADD CONSTRAINT "user_clusters_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user_clusters" ADD CONSTRAINT "user_clusters_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."clusters"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "environment_samples" ADD CONSTRAINT "environment_samples_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "environments" ADD CONSTRAINT "environments_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "environments" ADD CONSTRAINT "environments_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."clusters"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "environments" ADD CONSTRAINT "environments_template_id_templates_id_fk" FOREIGN KEY ("template_id") REFERENCES "public"."templates"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "sessions_user_id_idx" ON "sessions" USING btree ("user_id") WHERE ended_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "users_username_key" ON "users" USING btree (lower("username"));--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_key" ON "users" USING btree (lower("email"));--> statement-breakpoint
CREATE INDEX "bridge_tokens_cluster_id_idx" ON "bridge_tokens" USING btree ("cluster_id");--> statement-breakpoint
CREATE INDEX "environment_samples_taken_at_idx" ON "environment_samples" USING btree ("taken_at");--> statement-breakpoint
CREATE UNIQUE INDEX "environments_user_name_key" ON "environments" USING btree ("user_id",lower("name")) WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "environments_user_created_idx" ON "environments" USING btree ("user_id","created_at" DESC NULLS LAST) WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "environments_cluster_idx" ON "environments" USING btree ("cluster_id") WHERE phase <> 'terminated';--> statement-breakpoint
CREATE INDEX "environments_deadline_idx" ON "environments" USING btree ("phase_deadline_at") WHERE phase_deadline_at is not null;