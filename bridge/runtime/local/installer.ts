/**
 * A process of its own that runs an environment's startup commands, so that they live on when the bridge does not.
 * Started by installation.ts, which writes the task to its standard input. Each command is its own `sh -c` in the
 * workspace; what it prints becomes lines of the environment's log, at most `maxOutputBytes` of them.
 */
import { spawn } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import type { LogMessage } from "../../../durable-objects/protocol/client.ts";
import type { InstallationResult, InstallationTask } from "./installation.ts";
import { appendLog } from "./log-file.ts";

const maxOutputBytes = 1_048_576;
const maxShownCommand = 200;
/** How long output of an ended command is still read. */
const lingerMs = 500;

const task = JSON.parse(await text(process.stdin)) as InstallationTask;
let writtenBytes = 0;
let omittedLines = 0;

say({ type: "installation_status", environment_id: task.environmentId, status: "installing", timestamp: now() });
const failures: string[] = [];
for (const command of task.commands) {
  writeLine(`$ ${command}`);
  const failure = await runCommand(command);
  if (failure !== null) failures.push(failure);
}
if (omittedLines > 0) say(logOf(`${omittedLines} lines left out`));
finish(failures);

/** Runs one command to its end; resolves with why it failed, or null. */
function runCommand(command: string): Promise<string | null> {
  const child = spawn("/bin/sh", ["-c", command], {
    cwd: task.workspace,
    env: task.environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = [child.stdout, child.stderr].map(splitLines);
  return new Promise((resolve) => {
    const shown = command.slice(0, maxShownCommand);
    child.once("error", (error) => resolve(`could not be started (${error.message}): ${shown}`));
    const finish = () => {
      for (const each of lines) each.end();
      const { exitCode, signalCode } = child;
      resolve(exitCode === 0 ? null : `failed (${signalCode ?? `exit ${exitCode}`}): ${shown}`);
    };
    child.once("close", finish);
    // What the command left running in the background may hold its output open for ever.
    child.once("exit", () => setTimeout(finish, lingerMs));
  });
}

/** Turns a stream into log lines; of a line that redraws itself with `\r` the last state counts. */
function splitLines(stream: NodeJS.ReadableStream): { end(): void } {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = (lines.pop() ?? "").slice(-maxOutputBytes);
    for (const line of lines) writeLine(line);
  });
  return {
    end: () => {
      if (rest !== "") writeLine(rest);
      rest = "";
    },
  };
}

function writeLine(line: string): void {
  if (writtenBytes > maxOutputBytes) {
    omittedLines += 1;
    return;
  }
  const shown = line.replace(/\r+$/, "");
  const data = shown.slice(shown.lastIndexOf("\r") + 1);
  writtenBytes += Buffer.byteLength(data) + 1;
  say(logOf(data));
}

function finish(reasons: string[]): void {
  const message = reasons.length === 0 ? null : `Startup command ${reasons.join("; ")}`.slice(0, 450);
  const ids = { environment_id: task.environmentId, timestamp: now() };
  say(
    message === null
      ? { type: "installation_complete", ...ids }
      : { type: "installation_error", environment_id: ids.environment_id, message, timestamp: ids.timestamp },
  );
  const result: InstallationResult = { generation: task.generation, message };
  writeFileSync(`${task.resultPath}.new`, JSON.stringify(result), { mode: 0o600 });
  renameSync(`${task.resultPath}.new`, task.resultPath);
  process.exit(0);
}

function logOf(data: string): LogMessage {
  return { type: "installation_log", environment_id: task.environmentId, data, timestamp: now() };
}

function say(message: LogMessage): void {
  appendLog(task.logPath, message);
}

function now(): string {
  return new Date().toISOString();
}
