/**
 * The part of Go's templates that the chart is written in: fields, pipelines, if, range, define and include. What is not in
 * it throws, so that the chart stays within it; Helm itself reads the same text.
 */

/** A word of a pipeline: a field (`.Values.a`), a variable, a literal, or a pipeline in brackets. */
export type Term =
  | { kind: "field"; variable: string; path: string[] }
  | { kind: "literal"; value: string | number | boolean }
  | { kind: "call"; name: string; terms: Term[] }
  | { kind: "pipe"; stages: Term[] };

export type Part =
  | { kind: "text"; text: string }
  | { kind: "show"; term: Term }
  | { kind: "if"; term: Term; then: Part[]; otherwise: Part[] }
  | { kind: "range"; term: Term; names: string[]; body: Part[] };

export interface Template {
  parts: Part[];
  defined: Map<string, Part[]>;
}

type Token = { text: string } | { action: string };

/** Throws an Error that quotes what it cannot read. */
export function parseTemplate(source: string): Template {
  const reader = new Reader(tokensOf(source));
  const parts = reader.parts();
  if (reader.end !== "") throw new Error(`unexpected {{ ${reader.end} }}`);
  return { parts, defined: reader.defined };
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let trimmed = false;
  let at = 0;
  for (const match of source.matchAll(/\{\{(- )?([\s\S]*?)( -)?\}\}/g)) {
    let text = source.slice(at, match.index);
    if (trimmed) text = text.trimStart();
    if (match[1] !== undefined) text = text.trimEnd();
    tokens.push({ text }, { action: (match[2] ?? "").trim() });
    trimmed = match[3] !== undefined;
    at = match.index + match[0].length;
  }
  const rest = source.slice(at);
  return [...tokens, { text: trimmed ? rest.trimStart() : rest }];
}

class Reader {
  readonly defined = new Map<string, Part[]>();
  /** The word that ended the last list of parts. */
  end = "";
  readonly #tokens: Token[];
  #at = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  parts(): Part[] {
    const parts: Part[] = [];
    for (let token = this.#next(); token !== undefined; token = this.#next()) {
      if ("text" in token) {
        if (token.text !== "") parts.push({ kind: "text", text: token.text });
        continue;
      }
      if (token.action === "end" || token.action === "else") {
        this.end = token.action;
        return parts;
      }
      const part = this.#action(token.action);
      if (part !== null) parts.push(part);
    }
    this.end = "";
    return parts;
  }

  #next(): Token | undefined {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    return token;
  }

  #action(action: string): Part | null {
    if (action.startsWith("/*")) return null;
    const [, word = "", rest = ""] = /^(\S+)\s*([\s\S]*)$/.exec(action) ?? [];
    switch (word) {
      case "define":
        this.defined.set(JSON.parse(rest) as string, this.#body());
        return null;
      case "if": {
        const then = this.parts();
        const otherwise = this.end === "else" ? this.#body() : this.#ended([]);
        return { kind: "if", term: parseTerm(rest), then, otherwise };
      }
      case "range": {
        const [, names = "", term = rest] = /^((?:\$\w+(?:,\s*)?)+)\s*:=\s*(.*)$/.exec(rest) ?? [];
        return { kind: "range", term: parseTerm(term), names: names.match(/\$\w+/g) ?? [], body: this.#body() };
      }
      default:
        return { kind: "show", term: parseTerm(action) };
    }
  }

  #body(): Part[] {
    return this.#ended(this.parts());
  }

  #ended(parts: Part[]): Part[] {
    if (this.end !== "end") throw new Error("an {{ if }}, {{ range }} or {{ define }} has no end");
    return parts;
  }
}

const wordPattern = /\s*(\(|\)|\||"(?:[^"\\]|\\.)*"|[^\s()|]+)/y;

/** A pipeline: `.Values.a | default (include "b" .) | quote`. */
export function parseTerm(text: string): Term {
  const words = wordsOf(text);
  const term = pipeline(words);
  if (words.length > 0) throw new Error(`cannot read {{ ${text} }}`);
  return term;
}

function wordsOf(text: string): string[] {
  const words: string[] = [];
  wordPattern.lastIndex = 0;
  for (let match = wordPattern.exec(text); match !== null; match = wordPattern.exec(text)) words.push(match[1] ?? "");
  return words;
}

function pipeline(words: string[]): Term {
  const stages = [call(words)];
  while (words[0] === "|") {
    words.shift();
    stages.push(call(words));
  }
  const [only] = stages;
  return stages.length === 1 && only !== undefined ? only : { kind: "pipe", stages };
}

function call(words: string[]): Term {
  const [first] = words;
  if (first === undefined) throw new Error("an empty {{ }}");
  const isName = /^[a-zA-Z]\w*$/.test(first) && first !== "true" && first !== "false";
  if (!isName) return simple(words);
  words.shift();
  const terms: Term[] = [];
  while (words.length > 0 && words[0] !== "|" && words[0] !== ")") terms.push(simple(words));
  return { kind: "call", name: first, terms };
}

function simple(words: string[]): Term {
  const word = words.shift() ?? "";
  if (word === "(") {
    const inner = pipeline(words);
    if (words.shift() !== ")") throw new Error("a bracket is open");
    return inner;
  }
  if (/^("|-?\d|true$|false$)/.test(word)) return { kind: "literal", value: JSON.parse(word) as string };
  const field = /^(\$\w*)?((?:\.\w+)*|\.)$/.exec(word);
  if (field === null) throw new Error(`cannot read ${word}`);
  return { kind: "field", variable: field[1] ?? "", path: (field[2] ?? "").split(".").filter((name) => name !== "") };
}
