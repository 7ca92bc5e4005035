/**
 * Templates as people write them: YAML (JSON is a part of it), read within bounds, every problem told with its line
 * and column. The parser is loaded when the first text comes. Pure.
 */
import type { CST, Document, Node } from "yaml";
import type { z } from "zod";

export interface TextProblem {
  /** Where in the document, e.g. `resources.cpu`; empty for the document as a whole. */
  path: string;
  message: string;
  /** Both from 1, in characters of the text. */
  line: number;
  column: number;
}
export type ReadText<Value> = { ok: true; value: Value } | { ok: false; problems: TextProblem[] };

export const maxTextBytes = 65_536;
/** The parser recurses, and a stack that is used up inside a regular expression ends the process. */
const maxDepth = 32;
const maxTokens = 10_000;
/** An alias may stand for what an anchor names this often in all, whatever is nested in what. */
const maxAliasCount = 20;
const maxProblems = 100;

type Yaml = typeof import("yaml");

/** Reads a document of one value that fits the schema, or tells everything that is wrong with it. */
export async function readText<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
): Promise<ReadText<z.output<Schema>>> {
  const yaml = await import("yaml");
  const excess = excessOf(yaml, text);
  if (excess !== null) return refused([{ path: "", message: excess, line: 1, column: 1 }]);
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0)
    return refused(broken.map(({ message, pos: [offset] }) => ({ path: "", message, ...place(offset) })));
  const content = plainValue(document);
  if (!content.ok) return refused([{ path: "", message: content.message, line: 1, column: 1 }]);
  const parsed = schema.safeParse(content.value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const told = parsed.error.issues.flatMap(claimsOf).map((claim) => {
    const offset = offsetOf(yaml, document, claim.path, claim.at);
    return { path: claim.path.join("."), message: claim.message, ...place(offset) };
  });
  return refused(told);
}

function refused(problems: TextProblem[]): { ok: false; problems: TextProblem[] } {
  return { ok: false, problems: problems.slice(0, maxProblems) };
}

/** What makes a text more than a template can be, or null. Walks without recursion: what comes is hostile. */
function excessOf(yaml: Yaml, text: string): string | null {
  if (new TextEncoder().encode(text).byteLength > maxTextBytes) return `must not be larger than ${maxTextBytes} bytes`;
  let tokens = 0;
  for (const _ of new yaml.Lexer().lex(text)) {
    tokens += 1;
    if (tokens > maxTokens) return "must not hold so many values";
  }
  const open: { token: CST.Token; depth: number }[] = [];
  for (const token of new yaml.Parser().parse(text)) open.push({ token, depth: 0 });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { depth } = next;
    if (depth > maxDepth) return `must not nest deeper than ${maxDepth}`;
    for (const token of insideOf(next.token)) open.push({ token, depth: depth + 1 });
  }
  return null;
}

function insideOf(token: CST.Token): CST.Token[] {
  if (token.type === "document") return token.value === undefined ? [] : [token.value];
  if (!("items" in token)) return [];
  return token.items.flatMap(({ key, value }) => [key ?? [], value ?? []].flat());
}

function plainValue(document: Document): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, value: document.toJS({ maxAliasCount }) };
  } catch (error) {
    if (error instanceof ReferenceError)
      return { ok: false, message: "has aliases that name nothing, or too many of them" };
    throw error;
  }
}

interface Claim {
  path: readonly PropertyKey[];
  message: string;
  /** Whether the key is wrong or what stands behind it. */
  at: "key" | "value";
}

function claimsOf(issue: z.core.$ZodIssue): Claim[] {
  const { path, message } = issue;
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path: [...path, key], message: "is no field of a template", at: "key" }));
  if (issue.code === "invalid_key") return [{ path, message: issue.issues[0]?.message ?? message, at: "key" }];
  return [{ path, message, at: "value" }];
}

/** Where in the text a path leads, or where the innermost thing around it begins when there is no such thing. */
function offsetOf(yaml: Yaml, document: Document, path: Claim["path"], at: Claim["at"]): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, step] of path.entries()) {
    const inner = stepInto(yaml, node, step);
    if (inner === null) return offset;
    const isKeyMeant = at === "key" && index === path.length - 1;
    offset = (isKeyMeant ? null : startOf(inner.value)) ?? startOf(inner.key) ?? offset;
    node = inner.value;
  }
  return offset;
}

function stepInto(yaml: Yaml, node: unknown, step: PropertyKey): { key: unknown; value: unknown } | null {
  if (yaml.isMap(node)) {
    return node.items.find(({ key }) => String(yaml.isScalar(key) ? key.value : key) === String(step)) ?? null;
  }
  const item = yaml.isSeq(node) && typeof step === "number" ? node.items[step] : undefined;
  return item === undefined ? null : { key: item, value: item };
}

function startOf(node: unknown): number | null {
  return (node as Node | null | undefined)?.range?.[0] ?? null;
}
