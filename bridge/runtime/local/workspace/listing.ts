/** A page of a directory: directories first, then by name, byte by byte. Only the page's own entries are looked at. */
import type { Dirent } from "node:fs";
import { opendir } from "node:fs/promises";
import { stagingName } from "../../../../durable-objects/protocol/file-paths.ts";
import type { FileFacts } from "../../../../durable-objects/protocol/files.ts";
import { limits } from "../../../../durable-objects/protocol/timing.ts";
import { factsAt } from "./facts.ts";
import { isErrno } from "./refusals.ts";

interface Entry {
  name: Buffer;
  isDirectory: boolean;
}

/** Of the workspace itself, what is ours is not shown. */
export async function listDirectory(
  directory: string,
  isWorkspace: boolean,
  { offset, limit }: { offset: number; limit: number },
): Promise<{ files: FileFacts[]; total: number }> {
  const all = await entriesIn(directory);
  const shown = isWorkspace ? all.filter(({ name }) => name.toString() !== stagingName) : all;
  const page = shown.sort(inOrder).slice(offset, offset + limit);
  const facts = await Promise.all(page.map(({ name }) => lookAt(directory, name)));
  return { files: facts.filter((each) => each !== null), total: shown.length };
}

/** Names are bytes: not every one is text. */
async function entriesIn(directory: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  const options = { encoding: "buffer" as BufferEncoding, bufferSize: 256 };
  for await (const entry of await opendir(directory, options)) {
    const { name } = entry as unknown as Dirent<Buffer>;
    entries.push({ name, isDirectory: entry.isDirectory() });
    if (entries.length >= limits.maxDirectoryEntries) break;
  }
  return entries;
}

function inOrder(a: Entry, b: Entry): number {
  return Number(b.isDirectory) - Number(a.isDirectory) || Buffer.compare(a.name, b.name);
}

/** Null for what has gone in between. */
async function lookAt(directory: string, name: Buffer): Promise<FileFacts | null> {
  try {
    return await factsAt(Buffer.concat([Buffer.from(`${directory}/`), name]), name);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}
