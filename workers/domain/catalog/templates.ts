/** What environments can be made of, as everybody sees it. */
import { Failed } from "../../rules/failures.ts";
import {
  countByCategory,
  listTemplates,
  type TemplateFilter,
  type TemplateRow,
  templateNamed,
} from "../../store/catalog/templates.ts";
import type { Deps } from "../deps.ts";

export type { TemplateFilter, TemplateRow };

/** A page of templates and how many match. One round trip. */
export function readTemplates(deps: Deps, filter: TemplateFilter, page: Parameters<typeof listTemplates>[2]) {
  return listTemplates(deps.db, filter, page);
}

/** How many templates each category has. */
export function readCategories(deps: Deps) {
  return countByCategory(deps.db);
}

/** The template that goes by this slug, alias or display name, or `not_found`. */
export async function readTemplate(deps: Deps, name: string): Promise<TemplateRow> {
  const [template] = await templateNamed(deps.db, name);
  if (template === undefined) throw new Failed({ kind: "not_found", what: "template" });
  return template;
}
