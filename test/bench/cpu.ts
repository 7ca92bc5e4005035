/** Processor time of processes, from /proc (Linux; 100 ticks a second). */
import { readFileSync } from "node:fs";
import { descendants } from "../e2e/support/processes.ts";

const msPerTick = 10;

/** What a process has used in user and system mode since it started, all its threads together. */
export function cpuMilliseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

/**
 * The workerd that runs the Worker, told from the proxy's before it by who works while the Worker is made to.
 * `work` makes it busy for at least a tenth of a second.
 */
export async function busyWorkerd(ancestorPid: number, work: () => Promise<void>): Promise<number> {
  const pids = workerdsOf(ancestorPid);
  const before = pids.map(cpuMilliseconds);
  await work();
  const used = pids.map((pid, index) => cpuMilliseconds(pid) - (before[index] ?? 0));
  const busiest = pids[used.indexOf(Math.max(...used))];
  if (busiest === undefined) throw new Error("no workerd is running");
  return busiest;
}

/** The processes of workerd: the one that runs the Worker and wrangler's proxy before it. */
export function workerdsOf(ancestorPid: number): number[] {
  return descendants(ancestorPid).flatMap(({ pid, command }) => (/\/workerd serve/.test(command) ? [pid] : []));
}
