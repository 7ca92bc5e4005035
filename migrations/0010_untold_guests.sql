CREATE TABLE "untold_guests" (
	"environment_id" text NOT NULL,
	"user_id" text NOT NULL,
	"since" timestamp with time zone NOT NULL,
	CONSTRAINT "untold_guests_environment_id_user_id_pk" PRIMARY KEY("environment_id","user_id")
);
--> statement-breakpoint
ALTER TABLE "untold_guests" ADD CONSTRAINT "untold_guests_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "untold_guests" ADD CONSTRAINT "untold_guests_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "untold_guests_user_idx" ON "untold_guests" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "untold_guests_since_idx" ON "untold_guests" USING btree ("since");--> statement-breakpoint
comment on table untold_guests is 'Guests whose rights have changed and whose sockets are still to be closed; the sweep tries again.';--> statement-breakpoint
comment on column untold_guests.since is 'When their rights changed last; what is told from then on covers it.';
