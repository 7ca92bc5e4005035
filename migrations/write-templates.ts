/**
 * `npm run templates:write`: puts the template files beside it into the Worker, which cannot read them, as the JSON
 * that POST /templates/initialize starts from. A test holds both against each other.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { readTemplates, templatesFolder } from "./templates.ts";

const target = fileURLToPath(new URL("../workers/rules/default-templates.json", import.meta.url));

readTemplates(); // a bad file stops here
const files = readdirSync(templatesFolder).filter((file) => file.endsWith(".yaml"));
const documents = files.sort().map((file) => parse(readFileSync(`${templatesFolder}${file}`, "utf8")) as unknown);
writeFileSync(target, `${JSON.stringify(documents, null, 2)}\n`);
console.log(`templates: wrote ${documents.length} into ${target}`);
