/** Memory of a running product by the part its processes play, read from /proc (Linux). */
import { readFileSync } from "node:fs";
import { descendants, mentioning, type ProcessInfo } from "../e2e/support/processes.ts";

export interface Memory {
  processes: number;
  /** Resident, shared pages counted in full for every process. */
  rssMegabytes: number;
  /** Proportional: a page shared by n processes counts 1/n. The fair sum over Postgres's processes. */
  pssMegabytes: number;
}

const pageBytes = 4_096;

/** The first match names the part; what matches nothing is shown as `other`. */
const parts: readonly (readonly [name: string, command: RegExp])[] = [
  ["tmux and shells", /^(\S*\/)?tmux|^(\S*\/)?-?(ba|da|z)?sh( |$)|shell\.sh|^cat\b/],
  ["postgres", /postgres/],
  ["workerd", /\bworkerd\b/],
  ["wrangler", /wrangler|esbuild/],
  ["bridge", /bridge\/main\.ts/],
  ["supervisor with stand-ins", /bridge\/dev\/main\.ts/],
  ["reaper", /bridge\/dev\//],
  ["npm", /\bnpm\b/],
];

/** Sums up the descendants of `pid` and whatever else mentions the data directory (tmux belongs to nobody). */
export function memoryByPart(pid: number, dataDirectory: string): Map<string, Memory> {
  const everything = new Map([...descendants(pid), ...mentioning(dataDirectory)].map((entry) => [entry.pid, entry]));
  const sums = new Map<string, Memory>();
  for (const entry of everything.values()) {
    const part = partOf(entry);
    const sum = sums.get(part) ?? { processes: 0, rssMegabytes: 0, pssMegabytes: 0 };
    const { rss, pss } = readMemory(entry.pid);
    sums.set(part, {
      processes: sum.processes + 1,
      rssMegabytes: sum.rssMegabytes + rss,
      pssMegabytes: sum.pssMegabytes + pss,
    });
  }
  return sums;
}

function partOf({ command }: ProcessInfo): string {
  return parts.find(([, pattern]) => pattern.test(command))?.[0] ?? "other";
}

/** Resident memory of one process. */
export function rssMegabytes(pid: number): number {
  return readMemory(pid).rss;
}

/** The same as the kernel counts it as it goes: cheap enough to be asked all the time. 0 of one that has ended. */
export function residentMegabytes(pid: number): number {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
    return (Number(pages) * pageBytes) / 2 ** 20;
  } catch {
    return 0;
  }
}

/** In megabytes; a process that has just ended has none. */
function readMemory(pid: number): { rss: number; pss: number } {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return { rss: field(text, "Rss"), pss: field(text, "Pss") };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return { rss: 0, pss: 0 };
    throw error;
  }
}

function field(text: string, name: string): number {
  const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1];
  return Number(kibibytes ?? 0) / 1_024;
}
