ALTER TABLE "environments" ADD COLUMN "heard_at" timestamp with time zone;--> statement-breakpoint
comment on column environments.heard_at is 'When its bridge last told how it is; in silence nothing is judged idle.';
