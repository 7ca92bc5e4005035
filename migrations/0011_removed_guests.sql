CREATE TABLE "removed_guests" (
	"user_id" text NOT NULL,
	"share_id" text NOT NULL,
	"removed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "removed_guests_user_id_share_id_pk" PRIMARY KEY("user_id","share_id")
);
--> statement-breakpoint
ALTER TABLE "removed_guests" ADD CONSTRAINT "removed_guests_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "removed_guests" ADD CONSTRAINT "removed_guests_share_id_shares_id_fk" FOREIGN KEY ("share_id") REFERENCES "public"."shares"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "removed_guests_share_idx" ON "removed_guests" USING btree ("share_id");--> statement-breakpoint
comment on table removed_guests is 'Whom the owner took out of a share of many; they may not accept it again.';
