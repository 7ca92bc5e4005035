/** Reads the template files beside it. They are part of the repository, so a bad one stops whoever reads them. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { checkTemplate, sharedTemplateNames, type TemplateFile } from "../workers/rules/templates.ts";

export const templatesFolder = fileURLToPath(new URL("templates/", import.meta.url));

/** Every template of a folder, by file name. Throws one line per file that is wrong, or for a name used twice. */
export function readTemplates(folder: string = templatesFolder): TemplateFile[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".yaml"));
  const templates = files.sort().map((file) => readTemplate(folder, file));
  const shared = sharedTemplateNames(templates);
  if (shared.length > 0) throw new Error(`templates share the name ${shared.join(", ")}`);
  return templates;
}

function readTemplate(folder: string, file: string): TemplateFile {
  const checked = checkTemplate(parse(readFileSync(`${folder}/${file}`, "utf8")));
  if (checked.ok) return checked.template;
  const problems = checked.problems.map((problem) => `${problem.path} ${problem.message}`);
  throw new Error(`templates/${file}: ${problems.join("; ")}`);
}
