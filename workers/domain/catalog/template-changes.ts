/** What administrators do to templates. Environments that exist are touched by none of it. */
import { z } from "zod";
import defaultTemplates from "../../rules/default-templates.json" with { type: "json" };
import { Failed } from "../../rules/failures.ts";
import type { Principal } from "../../rules/principal.ts";
import { type TemplateChange, type TemplateFile, templateFileSchema } from "../../rules/templates.ts";
import { templateColumns } from "../../store/catalog/template-columns.ts";
import { insertTemplate, type TemplateRow, takenTemplateNames, updateTemplate } from "../../store/catalog/templates.ts";
import { type AuditAction, audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { readTemplate } from "./templates.ts";

/** Adds a template; fails as `already_exists` when another one goes by one of its names, in any case. */
export async function createTemplate(deps: Deps, admin: Principal, file: TemplateFile): Promise<TemplateRow> {
  const row = await insertTemplate(deps.db, templateColumns(file));
  if (row === null) throw await nameTaken(deps, file, "");
  note(deps, admin, "template.create", row.id);
  return row;
}

/** What is to change; `expected` throws for a template that is not the one the administrator has seen. */
export interface AskedChange extends TemplateChange {
  expected?: ((before: TemplateRow) => void) | undefined;
}

/**
 * Changes what is given of the template that goes by this name; its id stays. Fails as `not_found`, `invalid_input`
 * for another id, `already_exists` for a name of another template.
 */
export async function changeTemplate(
  deps: Deps,
  admin: Principal,
  name: string,
  { expected, ...change }: AskedChange,
): Promise<TemplateRow> {
  const before = await readTemplate(deps, name);
  if (change.id !== undefined && change.id !== before.id) throw idStays();
  expected?.(before);
  const changes = { ...templateColumns(change), updatedAt: deps.now() };
  const row = await updateTemplate(deps.db, before.id, changes, expected && before.updatedAt);
  if (row === "taken") throw await nameTaken(deps, change, before.id);
  if (row === "outdated") throw new Failed({ kind: "precondition_failed" });
  const fields = Object.entries(change).flatMap(([field, value]) => (value === undefined ? [] : [field]));
  note(deps, admin, "template.update", row.id, { fields });
  return row;
}

/** Lets no further environment be made of a template. It keeps its names. Safe to repeat. */
export async function deprecateTemplate(deps: Deps, admin: Principal, name: string): Promise<TemplateRow> {
  const before = await readTemplate(deps, name);
  const row = await updateTemplate(deps.db, before.id, { status: "deprecated", updatedAt: deps.now() });
  if (typeof row === "string") throw new Failed({ kind: "not_found", what: "template" });
  note(deps, admin, "template.deprecate", row.id);
  return row;
}

/** Adds the default templates that are missing; one whose id or another name is in use is left as it is. */
export async function initializeTemplates(
  deps: Deps,
  admin: Principal,
): Promise<{ created: string[]; skipped: string[] }> {
  const files = z.array(templateFileSchema).parse(defaultTemplates);
  const rows = await Promise.all(files.map((file) => insertTemplate(deps.db, templateColumns(file))));
  const created = files.filter((_, index) => rows[index] !== null).map(({ id }) => id);
  const skipped = files.map(({ id }) => id).filter((id) => !created.includes(id));
  audit(deps, { action: "template.initialize", actor: admin, detail: { created, skipped } });
  return { created, skipped };
}

function note(deps: Deps, admin: Principal, action: AuditAction, id: string, detail = {}): void {
  audit(deps, { action, actor: admin, target: { kind: "template", id }, detail });
}

function idStays(): Failed {
  const errors = [{ field: "id", message: "A template keeps its id", code: "immutable" }];
  return new Failed({ kind: "invalid_input", errors });
}

/** Which of the names it was, for whoever has to choose another one. */
async function nameTaken(deps: Deps, named: TemplateChange, exceptId: string): Promise<Failed> {
  const { id, display_name, aliases = [] } = named;
  const names = [id ?? [], display_name ?? [], aliases].flat();
  const taken = await takenTemplateNames(deps.db, names, exceptId);
  const isTaken = (name: string | undefined) => name !== undefined && taken.includes(name.toLowerCase());
  const field = isTaken(id) ? "id" : isTaken(display_name) ? "display_name" : "aliases";
  return new Failed({ kind: "already_exists", what: "template", field });
}
