/** Carries a template out over values, as Go's templates with Helm's functions do. A field that is not there throws. */
import { createHash } from "node:crypto";
import { stringify } from "yaml";
import type { Part, Template, Term } from "./parse.ts";

interface Scope {
  dot: unknown;
  variables: ReadonlyMap<string, unknown>;
}

/** What `lookup` finds in the cluster; null: nothing, as where Helm has none to ask. */
export type Lookup = (apiVersion: string, kind: string, namespace: string, name: string) => object | null;

/** The text of a template over `dot`; `defined` are the named templates of all files. Throws where the template fails. */
export function evaluate(
  { parts }: Template,
  defined: ReadonlyMap<string, Part[]>,
  dot: unknown,
  lookup: Lookup = () => null,
): string {
  return new Evaluation(defined, lookup).text(parts, { dot, variables: new Map([["$", dot]]) });
}

class Evaluation {
  readonly #defined: ReadonlyMap<string, Part[]>;

  readonly #lookup: Lookup;

  constructor(defined: ReadonlyMap<string, Part[]>, lookup: Lookup) {
    this.#defined = defined;
    this.#lookup = lookup;
  }

  text(parts: readonly Part[], scope: Scope): string {
    return parts.map((part) => this.#part(part, scope)).join("");
  }

  #part(part: Part, scope: Scope): string {
    switch (part.kind) {
      case "text":
        return part.text;
      case "show":
        return shown(this.#value(part.term, scope));
      case "if":
        return this.text(isTrue(this.#value(part.term, scope)) ? part.then : part.otherwise, scope);
      case "range":
        return this.#range(part, scope);
    }
  }

  #range({ term, names, body }: Extract<Part, { kind: "range" }>, scope: Scope): string {
    const over = this.#value(term, scope);
    const entries = Array.isArray(over) ? [...over.entries()] : Object.entries(over ?? {}).sort(byKey);
    return entries
      .map(([key, value]) => {
        const named = names.length === 2 ? [key, value] : [value];
        const added = names.map((name, index) => [name, named[index]] as const);
        return this.text(body, { dot: value, variables: new Map([...scope.variables, ...added]) });
      })
      .join("");
  }

  #value(term: Term, scope: Scope): unknown {
    switch (term.kind) {
      case "literal":
        return term.value;
      case "field":
        return fieldOf(term.variable === "" ? scope.dot : scope.variables.get(term.variable), term.path);
      case "call":
        return this.#call(
          term.name,
          term.terms.map((each) => this.#value(each, scope)),
        );
      case "pipe":
        return this.#pipe(term.stages, scope);
    }
  }

  /** What a stage gives is the last argument of the next one. */
  #pipe([first, ...stages]: Term[], scope: Scope): unknown {
    let value = first === undefined ? null : this.#value(first, scope);
    for (const stage of stages) {
      if (stage.kind !== "call") throw new Error("only functions stand in a pipeline");
      value = this.#call(stage.name, [...stage.terms.map((each) => this.#value(each, scope)), value]);
    }
    return value;
  }

  #call(name: string, args: unknown[]): unknown {
    if (name === "include") {
      const parts = this.#defined.get(String(args[0]));
      if (parts === undefined) throw new Error(`no template ${String(args[0])}`);
      return this.text(parts, { dot: args[1], variables: new Map([["$", args[1]]]) });
    }
    if (name === "lookup") {
      const [apiVersion, kind, namespace, named] = args.map(shown);
      return this.#lookup(apiVersion ?? "", kind ?? "", namespace ?? "", named ?? "") ?? {};
    }
    const run = functions[name];
    if (run === undefined) throw new Error(`no function ${name}`);
    return run(...args);
  }
}

const functions: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  quote: (value) => JSON.stringify(shown(value)),
  default: (otherwise, value) => (isTrue(value) ? value : otherwise),
  ternary: (yes, no, condition) => (condition === true ? yes : no),
  not: (value) => !isTrue(value),
  fail: (message) => {
    throw new Error(shown(message));
  },
  int: (value) => Math.trunc(Number(value)),
  gt: (one, other) => Number(one) > Number(other),
  join: (separator, values) => (Array.isArray(values) ? values.map(shown).join(String(separator)) : ""),
  sha256sum: (value) => createHash("sha256").update(shown(value)).digest("hex"),
  toYaml: (value) => stringify(value, { sortMapEntries: true, version: "1.1" }).trimEnd(),
  nindent: (spaces, value) => `\n${shown(value).replaceAll(/^(?=.)/gm, " ".repeat(Number(spaces)))}`,
};

function fieldOf(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== "object" || found === null || !(name in found)) throw new Error(`no field .${path.join(".")}`);
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

/** Go's truth: nothing, nought, the empty text and what has no members are false. */
function isTrue(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return Boolean(value);
  return Object.keys(value).length > 0;
}

function shown(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}

function byKey([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : 1;
}
