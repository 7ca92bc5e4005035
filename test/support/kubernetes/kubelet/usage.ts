/** What a container uses, counted over its real processes; as cgroup files inside it and as metrics outside. */
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ContainerSpec } from "../admission/pod-schema.ts";
import { quantityOf } from "../admission/quantities.ts";
import type { Sandbox } from "./sandbox.ts";

export interface Usage {
  cpuNanoseconds: number;
  memoryBytes: number;
  processes: number;
}

const tickNanoseconds = 10_000_000;
const pageBytes = 4096;

export function usageOf(sandbox: Sandbox): Usage {
  const usage = { cpuNanoseconds: 0, memoryBytes: 0, processes: 0 };
  for (const pid of sandbox.pids()) {
    const stat = read(`/proc/${pid}/stat`);
    const pages = Number(read(`/proc/${pid}/statm`).split(" ")[1] ?? 0);
    // After the name in brackets: state is field 3, utime and stime are 14 and 15, those of waited children 16 and 17.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0);
    usage.cpuNanoseconds += ticks * tickNanoseconds;
    usage.memoryBytes += pages * pageBytes;
    usage.processes += 1;
  }
  return usage;
}

/** A process may be gone by the time it is read. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const cgroupPath = (podDirectory: string, name: string) => join(podDirectory, "cgroup", name);

/** The directory a container sees as /sys/fs/cgroup, with the limits it has. */
export async function cgroupDirectory(podDirectory: string, { name, resources }: ContainerSpec): Promise<string> {
  const directory = cgroupPath(podDirectory, name);
  await mkdir(directory, { recursive: true });
  const { memory, cpu } = resources.limits ?? {};
  const quota = cpu === undefined ? "max" : String(Math.round((quantityOf(cpu) ?? 1) * 100_000));
  await writeFile(
    join(directory, "memory.max"),
    `${memory === undefined ? "max" : Math.floor(quantityOf(memory) ?? 0)}\n`,
  );
  await writeFile(join(directory, "cpu.max"), `${quota} 100000\n`);
  await writeFile(join(directory, "memory.events"), "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n");
  await writeUsage(directory, { cpuNanoseconds: 0, memoryBytes: 0, processes: 0 });
  return directory;
}

/** Brings the files up to date; they are read by execs, so each exec does this first. */
export async function refreshCgroup(podDirectory: string, name: string, sandbox: Sandbox): Promise<void> {
  await writeUsage(cgroupPath(podDirectory, name), usageOf(sandbox));
}

async function writeUsage(directory: string, { cpuNanoseconds, memoryBytes, processes }: Usage): Promise<void> {
  const microseconds = Math.round(cpuNanoseconds / 1000);
  await writeFile(join(directory, "memory.current"), `${memoryBytes}\n`);
  await writeFile(join(directory, "memory.stat"), `anon ${memoryBytes}\nfile 0\ninactive_file 0\n`);
  await writeFile(join(directory, "pids.current"), `${processes}\n`);
  await writeFile(
    join(directory, "cpu.stat"),
    `usage_usec ${microseconds}\nuser_usec ${microseconds}\nsystem_usec 0\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n`,
  );
}
