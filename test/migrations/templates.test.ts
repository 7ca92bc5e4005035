/** The template files of the repository, and what is said of a bad one. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readTemplates, templatesFolder } from "../../migrations/templates.ts";
import defaultTemplates from "../../workers/rules/default-templates.json" with { type: "json" };
import { formatResources } from "../../workers/rules/quantities.ts";
import { templateJsonSchema } from "../../workers/rules/template-schema.ts";
import { templateFields, templateFileSchema } from "../../workers/rules/templates.ts";

const scratch = mkdtempSync(join(tmpdir(), "templates-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const good = `
id: good
display_name: Good
description: A template.
category: devops
docker_image: node:22
resources: { cpu: 500m, memory: 1Gi, storage: 10Gi }
`;
const write = (files: Record<string, string>) => {
  const folder = mkdtempSync(join(scratch, "case-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
};

describe("the default templates", () => {
  const templates = readTemplates();
  const bySlug = new Map(templates.map((template) => [template.id, template]));

  it("are the nine of the contract, with their ports and sizes", () => {
    const facts = templates.map(({ id, default_port, resources }) => {
      const { cpu, memory, storage } = formatResources({
        cpu_millicores: resources.cpu,
        memory_bytes: resources.memory,
        storage_bytes: resources.storage,
      });
      return `${id} ${default_port} ${cpu} ${memory} ${storage}`;
    });
    expect(facts).toEqual([
      "coding-agent 8080 1 2Gi 20Gi",
      "golang 8080 500m 1Gi 10Gi",
      "nextjs 3000 1 2Gi 10Gi",
      "nodejs 3000 500m 1Gi 10Gi",
      "postgres 5432 500m 1Gi 10Gi",
      "python 8000 500m 1Gi 10Gi",
      "react 3000 1 2Gi 10Gi",
      "rust 8080 1 2Gi 15Gi",
      "ubuntu 8080 500m 1Gi 10Gi",
    ]);
  });

  it("answer to the names older clients use", () => {
    const owner = (alias: string) => templates.find((template) => template.aliases.includes(alias))?.id;
    const names = ["python-3.11", "node", "nodejs-18", "go", "go-1.21", "ubuntu-22.04"];
    expect(names.map(owner)).toEqual(["python", "nodejs", "nodejs", "golang", "golang", "ubuntu"]);
  });

  it("come with documentation and something to show that they work", () => {
    for (const template of bySlug.values()) {
      expect(template.documentation_url).toMatch(/^https:/);
      expect(template.startup_commands.length).toBeGreaterThan(0);
    }
  });
});

describe("the published schema", () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const isValid = ajv.compile(templateJsonSchema("https://devpocket.example/schema.json"));

  it.each(readdirSync(templatesFolder))("takes %s", (file) => {
    expect(isValid(parse(readFileSync(join(templatesFolder, file), "utf8"))), JSON.stringify(isValid.errors)).toBe(
      true,
    );
  });

  it("tells every field", () => {
    const { properties } = templateJsonSchema("https://devpocket.example/schema.json");
    const described = Object.entries(properties as Record<string, { description?: string }>);
    expect(described.filter(([, { description }]) => !description)).toEqual([]);
    expect(described.map(([name]) => name).sort()).toEqual(Object.keys(templateFields).sort());
  });
});

it("the templates that the Worker carries are those of the files (npm run templates:write)", () => {
  expect(defaultTemplates.map((template) => templateFileSchema.parse(template))).toEqual(readTemplates());
});

describe("a bad template file", () => {
  it.each([
    ["id: Bad Id", "id must be a slug"],
    ["id: popular", "id is a word of the API"],
    ["display_name: 'a\\nb'", "display_name must be printable"],
    ["aliases: ['a b']", "aliases.0 must be a slug"],
    ["resources: { cpu: lots, memory: 1Gi, storage: 10Gi }", "resources.cpu must be processors"],
    ["docker_image: 'node:22; reboot'", "docker_image must be an image reference"],
    ["default_port: 70000", "default_port"],
    ["surprise: yes", "surprise"],
    ["startup_commands: ['a\\0b']", "startup_commands"],
    ["startup_commands: ['a\\nb']", "startup_commands.0 must be printable, on one line"],
    ["startup_commands: ['-c reboot']", "startup_commands.0 must not begin with a dash"],
    ["documentation_url: 'javascript:alert(1)'", "documentation_url must be a https URL"],
    ["icon_url: 'https://169.254.169.254/'", "icon_url must be a URL of a public host"],
    ["environment_variables: { 'A-B': x }", "environment_variables"],
    ["environment_variables: { A: '\\uD800' }", "environment_variables.A must not contain"],
  ])("with %s is refused by file and place", (line, message) => {
    const key = line.slice(0, line.indexOf(":"));
    const text = `${good
      .split("\n")
      .filter((old) => !old.startsWith(`${key}:`))
      .join("\n")}\n${line.replace("\\0", "\\u0000").replaceAll("'", '"')}\n`;
    expect(() => readTemplates(write({ "bad.yaml": text }))).toThrow(new RegExp(`templates/bad.yaml: .*${message}`));
  });

  it("that takes another one's name is refused", () => {
    const other = good.replace("id: good", "id: other").replace("Good", "GOOD");
    expect(() => readTemplates(write({ "a.yaml": good, "b.yaml": other }))).toThrow("share the name good");
  });
});
