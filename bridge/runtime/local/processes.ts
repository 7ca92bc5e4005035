/**
 * Finds and ends the processes of an environment through /proc: those whose environment carries its id, also when
 * they daemonised out of tmux, everything below them, and orphans at work in its directory. Never touches another one.
 */
import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { EnvironmentPlaces } from "./places.ts";
import { environmentIdVariable, ownSocketsVariable } from "./shell-environment.ts";

const readAtOnce = 32;
const pollMs = 20;
/** Linux reports CPU time in these, whatever the kernel's own tick is (USER_HZ). */
export const ticksPerSecond = 100;
const pageBytes = 4096;

export interface ProcessFacts {
  pid: number;
  parentPid: number;
  /** When it started, in ticks since boot: pid and this name one process for ever. */
  startTicks: number;
  cpuTicks: number;
  memoryBytes: number;
  environmentId: string | null;
  ownSocketsDir: string | null;
  /** Where one works that carries no id and has neither terminal nor parent (ppid 1); null of all others. */
  orphanedIn: string | null;
}

/** What /proc says of one process, or null when there is none (or a zombie). */
export async function processFacts(pid: number): Promise<ProcessFacts | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return null;
    const number = (index: number) => Number(fields[index]);
    const environ = await readEnviron(pid);
    const isOrphan = number(1) === 1 && number(4) === 0;
    return {
      pid,
      parentPid: number(1),
      cpuTicks: number(11) + number(12),
      startTicks: number(19),
      memoryBytes: number(21) * pageBytes,
      environmentId: environ.get(environmentIdVariable) ?? null,
      ownSocketsDir: environ.get(ownSocketsVariable) ?? null,
      orphanedIn: isOrphan && !environ.has(environmentIdVariable) ? await workingDirectory(pid) : null,
    };
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** Whether the process that was recorded is still the one that runs under its pid. */
export async function isSameProcess(recorded: Pick<ProcessFacts, "pid" | "startTicks">): Promise<boolean> {
  return (await processFacts(recorded.pid))?.startTicks === recorded.startTicks;
}

/** Every process that belongs to the environment in these places. */
export async function processesIn(
  { root, ownSocketsDir }: Pick<EnvironmentPlaces, "root" | "ownSocketsDir">,
  environmentId: string,
): Promise<ProcessFacts[]> {
  // Its own directory may be gone already, the one around it is not.
  const realRoot = join(await realpath(dirname(root)), basename(root));
  return processesOf(await allProcesses(), { environmentId, ownSocketsDir, root: realRoot });
}

/** Every process of this machine that we may look at. */
async function allProcesses(): Promise<ProcessFacts[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: ProcessFacts[] = [];
  for (let start = 0; start < pids.length; start += readAtOnce) {
    const facts = await Promise.all(pids.slice(start, start + readAtOnce).map(processFacts));
    found.push(...facts.filter((each) => each !== null));
  }
  return found;
}

/**
 * Those of `processes` that belong to the environment. `ownSocketsDir` tells environments with the same id under
 * another data directory apart; `root` is the environment's directory, without symbolic links.
 */
function processesOf(
  processes: readonly ProcessFacts[],
  { environmentId, ownSocketsDir, root }: { environmentId: string; ownSocketsDir: string; root: string },
): ProcessFacts[] {
  const isOurs = (each: ProcessFacts) =>
    each.orphanedIn === root ||
    each.orphanedIn?.startsWith(`${root}/`) ||
    (each.environmentId === environmentId && (each.ownSocketsDir === null || each.ownSocketsDir === ownSocketsDir));
  const chosen = new Set(processes.filter(isOurs).map((each) => each.pid));
  for (let before = -1; before !== chosen.size; ) {
    before = chosen.size;
    for (const each of processes) {
      if (chosen.has(each.parentPid) && each.environmentId === null) chosen.add(each.pid);
    }
  }
  chosen.delete(process.pid);
  return processes.filter((each) => chosen.has(each.pid));
}

/** Ends what `find` finds: a hang-up and a polite signal, after `graceMs` the hard one, until nothing is left. */
export async function endProcesses(find: () => Promise<ProcessFacts[]>, graceMs: number): Promise<void> {
  const begin = performance.now();
  let isFirst = true;
  for (let left = await find(); left.length > 0; left = await find()) {
    const isLate = performance.now() - begin > graceMs;
    for (const each of left) {
      if (isLate) signal(each.pid, "SIGKILL");
      else if (isFirst) for (const name of ["SIGCONT", "SIGHUP", "SIGTERM"] as const) signal(each.pid, name);
    }
    isFirst = false;
    await delay(pollMs);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

async function workingDirectory(pid: number): Promise<string | null> {
  try {
    return await readlink(`/proc/${pid}/cwd`);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

async function readEnviron(pid: number): Promise<Map<string, string>> {
  try {
    const text = await readFile(`/proc/${pid}/environ`, "utf8");
    const pairs = text.split("\0").map((entry) => {
      const equals = entry.indexOf("=");
      return [entry.slice(0, equals), entry.slice(equals + 1)] as const;
    });
    return new Map(pairs);
  } catch (error) {
    if (isGone(error)) return new Map();
    throw error;
  }
}

/** Gone between two looks, or somebody else's. */
function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM";
}
