/** The command line of `npm run bench`. Pure: arguments in, a value or a complaint out. */
import { parseArgs } from "node:util";

export const sectionNames = ["echo", "cat", "fan-out", "http", "startup", "files", "kubernetes"] as const;
export type SectionName = (typeof sectionNames)[number];

export const contestantNames = ["floor", "relay", "harness", "dev"] as const;
export type ContestantName = (typeof contestantNames)[number];

/** What the others are compared with in each section, if it takes part. */
export const baseName: ContestantName = "floor";
export const fanOutBaseName: ContestantName = "relay";

export interface BenchOptions {
  sections: readonly SectionName[];
  contestants: readonly ContestantName[];
  /** Alternating rounds of every measurement. */
  rounds: number;
  keysPerRound: number;
  catMegabytes: number;
  fileMegabytes: number;
  viewers: number;
  secondsPerHttpRound: number;
  /** Calls of each route before its first round. */
  warmUpCalls: number;
  /** Of each kind: a wrong password, an unknown name. */
  refusedLogins: number;
  idleTerminals: number;
  /** Only to show that the machinery works. */
  isQuick: boolean;
}

const full = {
  rounds: 5,
  keysPerRound: 300,
  catMegabytes: 50,
  fileMegabytes: 32,
  viewers: 50,
  secondsPerHttpRound: 2,
  warmUpCalls: 500,
  refusedLogins: 200,
  idleTerminals: 8,
};
const quick = {
  rounds: 3,
  keysPerRound: 60,
  catMegabytes: 10,
  fileMegabytes: 8,
  viewers: 50,
  secondsPerHttpRound: 0.5,
  warmUpCalls: 50,
  refusedLogins: 20,
  idleTerminals: 4,
};

export const help = `npm run bench -- [${sectionNames.join("] [")}] [--quick] [--contestants ${contestantNames.join(",")}]

Without names every section runs, without --contestants everybody takes part. --quick is a short run: its figures
show that the machinery works, not how fast anything is. The report is printed and kept in test-results/bench.md.`;

/** Reads the arguments; throws one clear line for a name that does not exist. */
export function readOptions(argv: readonly string[]): BenchOptions | "help" {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      contestants: { type: "string" },
    },
  });
  if (values.help) return "help";
  const named = values.contestants?.split(",") ?? contestantNames;
  return {
    sections: chosen(positionals, sectionNames, "section"),
    contestants: chosen(named, contestantNames, "contestant"),
    ...(values.quick ? quick : full),
    isQuick: values.quick,
  };
}

function chosen<T extends string>(given: readonly string[], known: readonly T[], kind: string): readonly T[] {
  const stranger = given.find((name) => !known.some((candidate) => candidate === name));
  if (stranger !== undefined) throw new Error(`no ${kind} is called ${stranger}; there are: ${known.join(", ")}`);
  return given.length === 0 ? known : known.filter((name) => given.includes(name));
}
