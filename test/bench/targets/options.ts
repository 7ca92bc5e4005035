/** The command line of `npm run bench:terminal`. Pure: arguments in, a value or a complaint out. */
import { parseArgs } from "node:util";

export const targetNames = [
  "integrity",
  "joins",
  "resume",
  "slow",
  "stalled",
  "echo",
  "messages",
  "typists",
  "paste",
  "characters",
  "wire",
  "reset",
  "sleep",
] as const;
export type TargetName = (typeof targetNames)[number];

export interface TargetOptions {
  targets: readonly TargetName[];
  cuts: number;
  joins: number;
  /** Of echo and resume. */
  rounds: number;
  /** Of the flood behind the slow way, and of two typists. */
  floodSeconds: number;
  typistSeconds: number;
  /** Of the object that is reset. */
  viewers: number;
  idleSeconds: number;
}

const full = {
  cuts: 10_000,
  joins: 1_000,
  rounds: 5,
  floodSeconds: 15,
  typistSeconds: 30,
  viewers: 500,
  idleSeconds: 600,
};
const quick = { cuts: 200, joins: 50, rounds: 1, floodSeconds: 3, typistSeconds: 3, viewers: 20, idleSeconds: 5 };

export const help = `npm run bench:terminal -- [TARGET ...] [--quick] [--cuts 10000] [--viewers 500]

The targets of the terminal, measured on the built Worker with a bridge and tmux: ${targetNames.join(" ")}.
All of them without a name; --quick shows only that the machinery works. Ends with 1 where a target is missed.`;

/** Reads the arguments; throws one clear line for a name that is none. */
export function readOptions(argv: readonly string[]): TargetOptions | "help" {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      cuts: { type: "string" },
      viewers: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const targets = positionals.map(targetNamed);
  const chosen = values.quick ? quick : full;
  return {
    ...chosen,
    cuts: countOf("cuts", values.cuts, chosen.cuts),
    viewers: countOf("viewers", values.viewers, chosen.viewers),
    targets: targets.length === 0 ? targetNames : targets,
  };
}

function countOf(name: string, text: string | undefined, otherwise: number): number {
  const count = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${name} wants a whole number above 0, not ${text}`);
  return count;
}

function targetNamed(text: string): TargetName {
  const name = targetNames.find((each) => each === text);
  if (name === undefined) throw new Error(`${text} is none of ${targetNames.join(", ")}`);
  return name;
}
