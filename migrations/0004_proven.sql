ALTER TABLE "users" ADD COLUMN "email_proven_at" timestamp with time zone;--> statement-breakpoint
comment on column users.email_proven_at is 'When its owner showed that the address is theirs; null = taken at its word, even where is_verified says true.';
