/**
 * Startup commands of a local environment: begins installer.ts as a process of its own and knows how far it is. The
 * truth is on disk (result file, recorded process), so that a new bridge sees what an old one began.
 */
import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { EnvironmentPlaces } from "./places.ts";
import { isSameProcess, processFacts } from "./processes.ts";
import { type EnvironmentRecord, type RecordedProcess, readJson } from "./record.ts";
import { environmentIdVariable, ownSocketsVariable } from "./shell-environment.ts";

const installer = fileURLToPath(new URL("installer.ts", import.meta.url));

/** What the installer is told on its standard input. */
export interface InstallationTask {
  environmentId: string;
  generation: number;
  commands: string[];
  environment: Record<string, string>;
  workspace: string;
  logPath: string;
  resultPath: string;
}

const resultSchema = z.object({ generation: z.number(), message: z.string().nullable() });
/** What the installer leaves behind; `message` says what failed, or null. */
export type InstallationResult = z.infer<typeof resultSchema>;

export type InstallationState =
  | { kind: "installing" }
  | { kind: "completed" }
  | { kind: "failed"; reason: "installation_failed" | "installation_interrupted"; message: string };

/** Starts the commands and says by which process; nothing of the person's variables reaches the installer itself. */
export async function beginInstallation(task: InstallationTask, onEnd: () => void): Promise<RecordedProcess | null> {
  await rm(task.resultPath, { force: true });
  const child = spawn(process.execPath, ["--no-warnings", installer], {
    cwd: task.workspace,
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: pick(task.environment, [environmentIdVariable, ownSocketsVariable]),
  });
  child.on("error", onEnd);
  child.on("exit", onEnd);
  // The installer may be killed before it has read its task.
  child.stdin.on("error", onEnd);
  child.stdin.end(JSON.stringify(task));
  child.unref();
  if (child.pid === undefined) return null;
  const facts = await processFacts(child.pid);
  return facts === null ? null : { pid: child.pid, startTicks: facts.startTicks };
}

/** How far the installation of the recorded generation is. */
export async function installationState(
  places: EnvironmentPlaces,
  { generation, hasStartupCommands, installer: recorded }: EnvironmentRecord,
): Promise<InstallationState> {
  if (!hasStartupCommands) return { kind: "completed" };
  // The process first: it writes its result before it ends.
  const isAlive = recorded !== null && (await isSameProcess(recorded));
  const result = await readJson(places.installation, resultSchema);
  if (result?.generation === generation) {
    if (result.message === null) return { kind: "completed" };
    return { kind: "failed", reason: "installation_failed", message: result.message };
  }
  if (isAlive) return { kind: "installing" };
  return { kind: "failed", reason: "installation_interrupted", message: "The startup commands were interrupted" };
}

function pick(from: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}
