CREATE TABLE "template_names" (
	"name" text PRIMARY KEY NOT NULL,
	"template_id" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "clusters" DROP CONSTRAINT "clusters_name_unique";--> statement-breakpoint
ALTER TABLE "template_names" ADD CONSTRAINT "template_names_template_id_templates_id_fk" FOREIGN KEY ("template_id") REFERENCES "public"."templates"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "template_names_template_idx" ON "template_names" USING btree ("template_id");--> statement-breakpoint
CREATE UNIQUE INDEX "clusters_name_key" ON "clusters" USING btree (lower("name"));--> statement-breakpoint
UPDATE "clusters" SET "is_default" = false WHERE "is_default" AND "id" <> (
  SELECT "id" FROM "clusters" WHERE "is_default" ORDER BY "created_at", "id" LIMIT 1);--> statement-breakpoint
CREATE UNIQUE INDEX "clusters_default_key" ON "clusters" USING btree ("is_default") WHERE is_default;--> statement-breakpoint
INSERT INTO "template_names" ("name", "template_id")
  SELECT lower(n), "id" FROM "templates", unnest(array["id", "display_name"] || "aliases") AS n
  ORDER BY lower(n), "id" ON CONFLICT DO NOTHING;--> statement-breakpoint
CREATE FUNCTION "name_template"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "template_names" WHERE "template_id" = NEW."id";
  INSERT INTO "template_names" ("name", "template_id")
    SELECT DISTINCT lower(n), NEW."id" FROM unnest(array[NEW."id", NEW."display_name"] || NEW."aliases") AS n ORDER BY 1;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "templates_named" AFTER INSERT OR UPDATE OF "id", "display_name", "aliases" ON "templates"
  FOR EACH ROW EXECUTE FUNCTION "name_template"();--> statement-breakpoint
comment on table template_names is 'Every name a template goes by, in lower case; written by a trigger on templates.';--> statement-breakpoint
comment on column clusters.is_default is 'Where environments are made when nothing else is asked for; true in one row at most.';
