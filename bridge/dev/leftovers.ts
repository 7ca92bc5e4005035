/**
 * Ends what the environments of one data directory left running: their tmux servers, which are in nobody's process
 * group, and every process that carries the id of one of its environments. Never touches another data directory's.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { allPids, processVariables } from "./proc.ts";
import { signalProcess } from "./signals.ts";

/** Ends them at once; safe to repeat, and when there are none. */
export function endEnvironments(dataDirectory: string): void {
  for (const socket of tmuxSockets(join(dataDirectory, "tmux"))) {
    spawnSync("tmux", ["-S", socket, "kill-server"], { stdio: "ignore", timeout: 2000 });
  }
  for (const pid of environmentProcesses(dataDirectory)) signalProcess(pid, "SIGKILL");
}

function tmuxSockets(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const paths = readdirSync(directory).map((name) => join(directory, name));
  return paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isSocket());
}

function environmentProcesses(dataDirectory: string): number[] {
  const directory = join(dataDirectory, "environments");
  const ids = new Set(existsSync(directory) ? readdirSync(directory) : []);
  if (ids.size === 0) return [];
  return allPids().filter((pid) => ids.has(processVariables(pid).get("DEVPOCKET_ENVIRONMENT_ID") ?? ""));
}
