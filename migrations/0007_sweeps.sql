CREATE INDEX "login_attempts_updated_idx" ON "login_attempts" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "sessions_ended_idx" ON "sessions" USING btree ("ended_at") WHERE ended_at is not null;--> statement-breakpoint
CREATE INDEX "sessions_refresh_expires_idx" ON "sessions" USING btree ("refresh_expires_at");--> statement-breakpoint
CREATE INDEX "environments_terminated_idx" ON "environments" USING btree ("phase_since") WHERE phase = 'terminated';