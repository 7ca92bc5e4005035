DROP INDEX "mail_secrets_user_idx";--> statement-breakpoint
CREATE UNIQUE INDEX "mail_secrets_user_key" ON "mail_secrets" USING btree ("user_id","purpose");--> statement-breakpoint
comment on table mail_secrets is 'The secret that was mailed last, for each person and purpose; only hashes. Single use.';
