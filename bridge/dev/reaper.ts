/**
 * A tiny process that outlives us: whatever ends the supervisor, kill -9 included, closes the pipe to it, and it then
 * ends every process group it was told of and the environments of the data directory. Run as a program, it is that
 * process; lines on its standard input are `guard PID`, `release PID`, `done`.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { endEnvironments } from "./leftovers.ts";
import { signalGroup } from "./signals.ts";

export interface Reaper {
  pid: number;
  /** End this process group if we die. */
  guard(leader: number): void;
  release(leader: number): void;
  /** We ended everything ourselves. */
  done(): void;
}

const graceMs = 2_000;

export function startReaper(dataDirectory: string): Reaper {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), dataDirectory], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const tell = (line: string) => child.stdin.writable && child.stdin.write(`${line}\n`);
  // Without its reaper the supervisor goes on: only a kill -9 would leave something behind.
  child.stdin.on("error", () => {});
  child.unref();
  return {
    pid: child.pid ?? 0,
    guard: (leader) => tell(`guard ${leader}`),
    release: (leader) => tell(`release ${leader}`),
    done: () => child.stdin.end("done\n"),
  };
}

async function reap(dataDirectory: string): Promise<void> {
  const groups = new Set<number>();
  let isDone = false;
  for await (const line of createInterface({ input: process.stdin })) {
    const [word, pid] = line.split(" ");
    if (word === "guard") groups.add(Number(pid));
    else if (word === "release") groups.delete(Number(pid));
    else if (word === "done") isDone = true;
  }
  if (isDone) return;
  for (const leader of groups) signalGroup(leader, "SIGTERM");
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline && [...groups].some((leader) => signalGroup(leader, "SIGCONT"))) await delay(50);
  for (const leader of groups) signalGroup(leader, "SIGKILL");
  endEnvironments(dataDirectory);
}

if (import.meta.main) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  await reap(process.argv[2] ?? "");
}
