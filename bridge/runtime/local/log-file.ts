/**
 * The log of one environment: a file of LogMessage lines, appended by the bridge and by installer.ts. It is bounded:
 * `trim` keeps its newest part, a line is cut at `maxLineCharacters`. Readers live through a file that is replaced.
 */
import { appendFileSync } from "node:fs";
import { open, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type LogMessage, logMessageSchema } from "../../../durable-objects/protocol/client.ts";
import { parseJson } from "../parse-json.ts";
import { watchDirectory } from "./watch-directory.ts";

const maxLineCharacters = 4_000;
const trimAboveBytes = 1_048_576;
const keptBytes = 262_144;
const maxMessagesAtOnce = 500;

/** Appends one message; whole lines reach the file in one write, so that two writers never mix. */
export function appendLog(path: string, message: LogMessage): void {
  appendFileSync(path, `${JSON.stringify(bounded(message))}\n`);
}

/** Appends what the environment has to say of itself. */
export function logOwn(path: string, message: string): void {
  const timestamp = new Date().toISOString();
  appendLog(path, { type: "log", timestamp, level: "info", message, source: "environment" });
}

/** Every message of the log, oldest first; a log that was never written is empty. */
export async function readLog(path: string): Promise<LogMessage[]> {
  return parseLines((await readIfThere(path)).toString("utf8"));
}

/** Keeps the newest part of a log that has grown too large. */
export async function trimLog(path: string): Promise<void> {
  const bytes = await readIfThere(path);
  if (bytes.length <= trimAboveBytes) return;
  const kept = bytes.subarray(bytes.indexOf(10, bytes.length - keptBytes) + 1);
  await writeFile(`${path}.new`, kept, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/**
 * Hands over the log so far and then what is appended, in order and at most 500 messages at a time. Returns how to stop;
 * throws `unavailable` where it cannot be followed.
 */
export function followLog(path: string, listener: (messages: LogMessage[]) => void): () => void {
  const watcher = watchDirectory(dirname(path), "The log");
  let offset = 0;
  let inode = 0;
  let isStopped = false;
  let reading: Promise<void> = Promise.resolve();
  const readOn = async () => {
    if (isStopped) return;
    const found = await stat(path).catch(ignoreMissing);
    if (found === undefined) return;
    // A replaced file holds only what was handed over already.
    if (inode !== 0 && found.ino !== inode) offset = found.size;
    inode = found.ino;
    const text = await readFrom(path, offset);
    const end = text.lastIndexOf("\n") + 1;
    offset += Buffer.byteLength(text.slice(0, end));
    const messages = parseLines(text.slice(0, end));
    for (let start = 0; start < messages.length && !isStopped; start += maxMessagesAtOnce) {
      listener(messages.slice(start, start + maxMessagesAtOnce));
    }
  };
  const schedule = () => {
    reading = reading.then(readOn);
  };
  watcher.on("change", schedule);
  schedule();
  return () => {
    isStopped = true;
    watcher.close();
  };
}

function bounded(message: LogMessage): LogMessage {
  if (message.type === "installation_log") return { ...message, data: message.data.slice(0, maxLineCharacters) };
  return "message" in message ? { ...message, message: message.message.slice(0, maxLineCharacters) } : message;
}

/** A line that a crash cut short is no message. */
function parseLines(text: string): LogMessage[] {
  return text.split("\n").flatMap((line) => {
    const parsed = line === "" ? undefined : logMessageSchema.safeParse(parseJson(line));
    return parsed?.success === true ? [parsed.data] : [];
  });
}

async function readIfThere(path: string): Promise<Buffer> {
  return (await readFile(path).catch(ignoreMissing)) ?? Buffer.alloc(0);
}

async function readFrom(path: string, offset: number): Promise<string> {
  const file = await open(path).catch(ignoreMissing);
  if (file === undefined) return "";
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.max(0, size - offset));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}
