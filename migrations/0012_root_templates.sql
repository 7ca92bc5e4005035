ALTER TABLE "templates" ADD COLUMN "needs_root" boolean DEFAULT false NOT NULL;--> statement-breakpoint
comment on column templates.needs_root is 'Its environments work as root, inside a user namespace; a cluster without those refuses them.';
