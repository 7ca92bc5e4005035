CREATE TABLE "share_guests" (
	"user_id" text NOT NULL,
	"share_id" text NOT NULL,
	"accepted_at" timestamp with time zone NOT NULL,
	CONSTRAINT "share_guests_user_id_share_id_pk" PRIMARY KEY("user_id","share_id")
);
--> statement-breakpoint
CREATE TABLE "shares" (
	"id" text PRIMARY KEY NOT NULL,
	"environment_id" text NOT NULL,
	"created_by" text NOT NULL,
	"kind" text NOT NULL,
	"role" text NOT NULL,
	"grantee_id" text,
	"addressee" text,
	"secret_hash" text,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	"closed_at" timestamp with time zone,
	CONSTRAINT "shares_secret_hash_unique" UNIQUE("secret_hash")
);
--> statement-breakpoint
ALTER TABLE "share_guests" ADD CONSTRAINT "share_guests_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "share_guests" ADD CONSTRAINT "share_guests_share_id_shares_id_fk" FOREIGN KEY ("share_id") REFERENCES "public"."shares"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shares" ADD CONSTRAINT "shares_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shares" ADD CONSTRAINT "shares_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shares" ADD CONSTRAINT "shares_grantee_id_users_id_fk" FOREIGN KEY ("grantee_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "share_guests_share_idx" ON "share_guests" USING btree ("share_id","accepted_at");--> statement-breakpoint
CREATE INDEX "shares_environment_idx" ON "shares" USING btree ("environment_id","created_at");--> statement-breakpoint
CREATE INDEX "shares_created_by_idx" ON "shares" USING btree ("created_by");--> statement-breakpoint
CREATE INDEX "shares_grantee_idx" ON "shares" USING btree ("grantee_id") WHERE grantee_id is not null;--> statement-breakpoint
CREATE INDEX "shares_unclosed_idx" ON "shares" USING btree ("expires_at") WHERE closed_at is null;--> statement-breakpoint
CREATE INDEX "shares_closed_idx" ON "shares" USING btree ("closed_at") WHERE closed_at is not null;--> statement-breakpoint
comment on table shares is 'Offers to watch or drive an environment. One lives while expires_at is ahead; revoking moves that to now.';--> statement-breakpoint
comment on column shares.kind is 'user = by user name, email = by a mailed secret and a verified address, link = whoever has the link.';--> statement-breakpoint
comment on column shares.grantee_id is 'Whom a share of kind user is for; null also where nobody has the name, which its owner is not told.';--> statement-breakpoint
comment on column shares.addressee is 'User name or e-mail address as it was typed; null for a link.';--> statement-breakpoint
comment on column shares.secret_hash is 'SHA-256 of what the mail or the link holds; the text is kept nowhere.';--> statement-breakpoint
comment on column shares.closed_at is 'When the sockets of its guests were closed after its end; null = it lives, or that is still to be done.';--> statement-breakpoint
comment on table share_guests is 'Who has accepted a share; only with such a row somebody is a guest.';
