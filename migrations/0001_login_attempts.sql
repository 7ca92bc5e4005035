CREATE TABLE "login_attempts" (
	"subject" text PRIMARY KEY NOT NULL,
	"failures" integer NOT NULL,
	"locked_until" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "users" DROP COLUMN "failed_logins";--> statement-breakpoint
ALTER TABLE "users" DROP COLUMN "locked_until";--> statement-breakpoint
comment on table "login_attempts" is 'Wrong passwords in a row and the lock they led to, for known and unknown login names alike';--> statement-breakpoint
comment on column "login_attempts"."subject" is 'A user id, or the SHA-256 of a login name nobody has';
