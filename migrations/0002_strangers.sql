CREATE TABLE "identities" (
	"issuer" text NOT NULL,
	"subject" text NOT NULL,
	"user_id" text NOT NULL,
	"email" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "identities_issuer_subject_pk" PRIMARY KEY("issuer","subject")
);
--> statement-breakpoint
CREATE TABLE "known_devices" (
	"user_id" text NOT NULL,
	"device_hash" text NOT NULL,
	"signed_in_at" timestamp with time zone NOT NULL,
	CONSTRAINT "known_devices_user_id_device_hash_pk" PRIMARY KEY("user_id","device_hash")
);
--> statement-breakpoint
CREATE TABLE "mail_secrets" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"purpose" text NOT NULL,
	"token_hash" text NOT NULL,
	"code_hash" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone,
	CONSTRAINT "mail_secrets_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "personal_tokens" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"name" text NOT NULL,
	"token_hash" text NOT NULL,
	"scopes" text[] NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "personal_tokens_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "audit_denials" (
	"minute" timestamp with time zone NOT NULL,
	"actor" text NOT NULL,
	"route" text NOT NULL,
	"code" text NOT NULL,
	"count" integer NOT NULL,
	"last_address" text,
	"last_request_id" text NOT NULL,
	CONSTRAINT "audit_denials_minute_actor_route_code_pk" PRIMARY KEY("minute","actor","route","code")
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone NOT NULL,
	"actor_id" text,
	"actor_kind" text NOT NULL,
	"action" text NOT NULL,
	"target_kind" text,
	"target_id" text,
	"outcome" text NOT NULL,
	"address" text,
	"request_id" text NOT NULL,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "usage_months" (
	"user_id" text NOT NULL,
	"month" date NOT NULL,
	"running_seconds" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "usage_months_user_id_month_pk" PRIMARY KEY("user_id","month")
);
--> statement-breakpoint
CREATE TABLE "idempotent_requests" (
	"actor" text NOT NULL,
	"key_hash" text NOT NULL,
	"body_hash" text NOT NULL,
	"status" integer,
	"sealed_answer" text,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "idempotent_requests_actor_key_hash_pk" PRIMARY KEY("actor","key_hash")
);
--> statement-breakpoint
DROP INDEX "environments_user_created_idx";--> statement-breakpoint
ALTER TABLE "plans" ADD COLUMN "unattended_seconds" integer;--> statement-breakpoint
ALTER TABLE "plans" ADD COLUMN "updated_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "method" text DEFAULT 'password' NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "plan_changed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "bridge_tokens" ADD COLUMN "name" text DEFAULT 'bridge' NOT NULL;--> statement-breakpoint
ALTER TABLE "bridge_tokens" ADD COLUMN "last_used_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "environments" ADD COLUMN "attended_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "environments" ADD COLUMN "worked_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "environments" ADD COLUMN "metered_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "environments" ADD COLUMN "auto_stop_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "identities" ADD CONSTRAINT "identities_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "known_devices" ADD CONSTRAINT "known_devices_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "mail_secrets" ADD CONSTRAINT "mail_secrets_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "personal_tokens" ADD CONSTRAINT "personal_tokens_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_months" ADD CONSTRAINT "usage_months_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "identities_user_id_idx" ON "identities" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "known_devices_signed_in_idx" ON "known_devices" USING btree ("signed_in_at");--> statement-breakpoint
CREATE INDEX "mail_secrets_user_idx" ON "mail_secrets" USING btree ("user_id","purpose","created_at");--> statement-breakpoint
CREATE INDEX "mail_secrets_expires_idx" ON "mail_secrets" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "personal_tokens_user_idx" ON "personal_tokens" USING btree ("user_id") WHERE revoked_at is null;--> statement-breakpoint
CREATE INDEX "audit_events_at_idx" ON "audit_events" USING btree ("at","id");--> statement-breakpoint
CREATE INDEX "audit_events_actor_idx" ON "audit_events" USING btree ("actor_id","at");--> statement-breakpoint
CREATE INDEX "audit_events_target_idx" ON "audit_events" USING btree ("target_id","at");--> statement-breakpoint
CREATE INDEX "audit_events_action_idx" ON "audit_events" USING btree ("action","at");--> statement-breakpoint
CREATE INDEX "idempotent_requests_created_idx" ON "idempotent_requests" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "users_created_idx" ON "users" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "environments_user_newest_idx" ON "environments" USING btree ("user_id","created_at","id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "environments_created_idx" ON "environments" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "environments_template_idx" ON "environments" USING btree ("template_id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "environments_metered_idx" ON "environments" USING btree ("metered_at") WHERE metered_at is not null;--> statement-breakpoint
UPDATE "plans" SET "unattended_seconds" = CASE "id" WHEN 'free' THEN 7200 WHEN 'starter' THEN 28800 WHEN 'pro' THEN 86400 END;--> statement-breakpoint
CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND OLD."at" < now() - interval '365 days' THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = '42501';
END $$;--> statement-breakpoint
CREATE TRIGGER "audit_events_append_only" BEFORE UPDATE OR DELETE ON "audit_events"
  FOR EACH ROW EXECUTE FUNCTION "refuse_audit_change"();--> statement-breakpoint
CREATE TRIGGER "audit_events_no_truncate" BEFORE TRUNCATE ON "audit_events"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();--> statement-breakpoint
comment on table identities is 'Who somebody is at an OpenID provider.';--> statement-breakpoint
comment on table mail_secrets is 'Secrets that were sent by mail; only hashes. Single use.';--> statement-breakpoint
comment on column mail_secrets.code_hash is 'SHA-256 of id and 6-digit code.';--> statement-breakpoint
comment on table known_devices is 'Where an account signed in from in the last 30 days: its own count of wrong passwords.';--> statement-breakpoint
comment on table personal_tokens is 'Tokens for programs; only hashes.';--> statement-breakpoint
comment on table audit_events is 'Append-only; rows older than 365 days may be deleted.';--> statement-breakpoint
comment on table audit_denials is 'Refusals counted by actor, route and minute.';--> statement-breakpoint
comment on table usage_months is 'Running seconds of a person by calendar month (UTC).';--> statement-breakpoint
comment on table idempotent_requests is 'What was answered under an Idempotency-Key; kept for a day.';--> statement-breakpoint
comment on column environments.metered_at is 'Running time up to here is in usage_months; null while it does not run.';--> statement-breakpoint
comment on column environments.auto_stop_at is 'When it stops by itself, once its owner was warned.';
