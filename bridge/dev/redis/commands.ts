/** What a command is, and how its textual arguments are read. Shared by the command tables; runs nothing itself. */
import { type Keyspace, RedisError, type Reply } from "./keyspace.ts";

type Run = (keyspace: Keyspace, ...args: string[]) => Reply;

export interface Command {
  run: Run;
  minArguments: number;
  maxArguments: number;
}
export type CommandTable = Readonly<Record<string, Command>>;

/** A command that takes as many arguments as its function names. */
export function exactly(run: Run): Command {
  return { run, minArguments: run.length - 1, maxArguments: run.length - 1 };
}

/** A command that takes at least the arguments its function names before the rest parameter. */
export function atLeast(run: Run): Command {
  return { run, minArguments: run.length - 1, maxArguments: Number.POSITIVE_INFINITY };
}

export const syntaxError = () => new RedisError("ERR syntax error");

export function integer(text: string | undefined): number {
  if (text === undefined) throw syntaxError();
  if (!/^-?\d{1,19}$/.test(text)) throw new RedisError("ERR value is not an integer or out of range");
  return Number(text);
}

export function float(text: string | undefined): number {
  if (text === undefined) throw syntaxError();
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite) return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) throw new RedisError("ERR value is not a valid float");
  return value;
}

/** Cuts `a b c d` into `[a,b] [c,d]`; an odd count is the error Redis gives for the command. */
export function pairs(args: string[], command: string): [string, string][] {
  if (args.length === 0 || args.length % 2 === 1) throw wrongArity(command);
  return Array.from({ length: args.length / 2 }, (_, index) => [
    args[index * 2] as string,
    args[index * 2 + 1] as string,
  ]);
}

export function wrongArity(command: string): RedisError {
  return new RedisError(`ERR wrong number of arguments for '${command.toLowerCase()}' command`);
}

/** The part of `items` from `start` to `stop`, both included; negative numbers count from the end. */
export function range<T>(items: T[], start: number, stop: number): T[] {
  const from = start < 0 ? Math.max(0, items.length + start) : start;
  const to = stop < 0 ? items.length + stop : stop;
  return items.slice(from, to + 1);
}

/** A Redis glob as a regular expression: `*`, `?`, `[abc]`, `[^a]`, backslash escapes. */
export function globPattern(glob: string): RegExp {
  const body = glob.replace(/\\(.)|\[(\^?)([^\]]*)\]|[\s\S]/gu, (found, escaped, not, letters) => {
    if (escaped !== undefined) return RegExp.escape(escaped);
    if (letters !== undefined) return `[${not}${letters.replace(/[\\\]]/g, "\\$&")}]`;
    if (found === "*") return ".*";
    return found === "?" ? "." : RegExp.escape(found);
  });
  return new RegExp(`^${body}$`, "su");
}
