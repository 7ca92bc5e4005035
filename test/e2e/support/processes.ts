/** Looks at the machine's processes through /proc: who descends from whom, and what is left behind. */
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessInfo {
  pid: number;
  parentPid: number;
  command: string;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // the process ended between listing and reading
  }
}

/** Every process of this machine. */
export function processes(): ProcessInfo[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      const stat = read(`/proc/${name}/stat`);
      const parentPid = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      const command = read(`/proc/${name}/cmdline`).replaceAll("\0", " ").trim();
      return { pid: Number(name), parentPid, command };
    })
    .filter((entry) => entry.command !== "");
}

/** The living descendants of a process. */
export function descendants(pid: number): ProcessInfo[] {
  const all = processes();
  const found: ProcessInfo[] = [];
  const visit = (parent: number) => {
    for (const entry of all.filter((candidate) => candidate.parentPid === parent)) {
      found.push(entry);
      visit(entry.pid);
    }
  };
  visit(pid);
  return found;
}

/** The one descendant whose command line matches; throws when there is none. */
export function descendant(pid: number, command: RegExp): ProcessInfo {
  const found = descendants(pid).find((entry) => command.test(entry.command));
  if (!found) throw new Error(`no process of ${pid} matches ${command}`);
  return found;
}

/** The workerd that listens at the product's address; behind it are those that run the Worker. */
export function serverWorkerd(pid: number, url: string): number {
  const { port } = new URL(url);
  return descendant(pid, new RegExp(`/workerd serve .*--socket-addr=entry=127\\.0\\.0\\.1:${port} `)).pid;
}

/** Processes whose command line or environment mentions this text, e.g. a data directory. */
export function mentioning(text: string): ProcessInfo[] {
  return processes().filter(
    (entry) =>
      entry.pid !== process.pid && (entry.command.includes(text) || read(`/proc/${entry.pid}/environ`).includes(text)),
  );
}
