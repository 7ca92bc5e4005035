/** The chart, rendered: every object it makes for a release and its values. */
import { readdirSync, readFileSync } from "node:fs";
import { parse, parseAllDocuments } from "yaml";
import { evaluate, type Lookup } from "./evaluate.ts";
import { parseTemplate } from "./parse.ts";

const folder = new URL("../chart/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), "utf8");

export type Values = Record<string, unknown>;

export interface Release {
  name: string;
  namespace: string;
}

/** An object of the cluster's. */
export interface Rendered {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; [field: string]: unknown };
  [field: string]: unknown;
}

/** values.yaml with changes of the same shape laid over it, as Helm lays them. */
export function valuesWith(changes: Values = {}): Values {
  return merged(parse(read("values.yaml")) as Values, changes);
}

/** The text of each template file, in the order of their names. */
export function renderTexts(release: Release, values: Values, lookup?: Lookup): string[] {
  const names = readdirSync(new URL("templates/", folder)).sort();
  const templates = names.map((name) => parseTemplate(read(`templates/${name}`)));
  const defined = new Map(templates.flatMap((template) => [...template.defined]));
  const { name, version, appVersion } = parse(read("Chart.yaml")) as Record<string, string>;
  const chart = { Name: name, Version: version, AppVersion: appVersion };
  const dot = {
    Values: values,
    Chart: chart,
    Release: { Name: release.name, Namespace: release.namespace, Service: "Helm" },
  };
  return templates.map((template) => evaluate(template, defined, dot, lookup).trim()).filter((text) => text !== "");
}

/** Throws where a template makes something that is no YAML (1.1, as Helm and kubectl read it: `on` is no text) or no object. */
export function renderObjects(release: Release, values: Values, lookup?: Lookup): Rendered[] {
  return renderTexts(release, values, lookup).flatMap((text) =>
    parseAllDocuments(text, { version: "1.1" }).flatMap((document) => {
      if (document.errors.length > 0) throw new Error(`${String(document.errors[0])} in\n${text}`);
      const object = document.toJS() as Rendered | null;
      return object === null ? [] : [object];
    }),
  );
}

function merged(under: Values, over: Values): Values {
  const entries = Object.entries(over).map(([name, value]) => {
    const below = under[name];
    return [name, isMap(below) && isMap(value) ? merged(below, value) : value];
  });
  return { ...under, ...Object.fromEntries(entries) };
}

function isMap(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
