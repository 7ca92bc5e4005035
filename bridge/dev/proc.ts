/** Looks at the machine's processes through /proc. */
import { readdirSync, readFileSync } from "node:fs";

/** Changes when a process number is used again: ticks since boot at which it began; null = no such process. */
export function processStart(pid: number): string | null {
  const fields = statFields(pid);
  return fields[0] === "Z" ? null : (fields[19] ?? null);
}

/** The living processes of a process group. */
export function groupMembers(group: number): number[] {
  return allPids().filter((pid) => {
    const [state, , pgrp] = statFields(pid);
    return state !== undefined && state !== "Z" && Number(pgrp) === group;
  });
}

/** What stands behind the program's name in /proc/PID/stat: state, parent, group, ... (proc(5)); empty when it is gone. */
function statFields(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat === "" ? [] : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** The variables a process was started with; empty when it is gone or not ours to look at. */
export function processVariables(pid: number): Map<string, string> {
  const pairs = read(`/proc/${pid}/environ`).split("\0");
  return new Map(pairs.map((pair) => [pair.split("=", 1)[0] ?? "", pair.slice(pair.indexOf("=") + 1)]));
}

/** The words of its command line. */
export function processArguments(pid: number): string[] {
  return read(`/proc/${pid}/cmdline`).split("\0");
}

export function allPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // Ended between listing and reading, or somebody else's.
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}
