/** The listing of a directory in a pod: all names first, which are sorted here, then the facts of one page of them. */
import type { FileFacts } from "../../../../durable-objects/protocol/files.ts";
import { fields, readFacts } from "./facts.ts";
import type { FileScripts } from "./file-scripts.ts";

/** Of the names of a very full directory. */
const maxNamesBytes = 16 * 1_048_576;
/** What `names` prints before the name of a directory. */
const directoryMark = 0x64;

interface Entry {
  name: Buffer;
  isDirectory: boolean;
  /** Its place in the order of the script. */
  index: number;
}

/** One page of a directory, directories first, and how many entries it has. What is gone meanwhile is left out. */
export async function listDirectory(
  scripts: FileScripts,
  path: string,
  { offset, limit }: { offset: number; limit: number },
): Promise<{ files: FileFacts[]; total: number }> {
  const entries = await sortedEntries(scripts, path);
  const page = entries.slice(offset, offset + limit);
  const facts = page.length === 0 ? new Map<string, Buffer>() : await factsOf(scripts, path, page);
  const files = page.flatMap(({ name }) => {
    const found = facts.get(name.toString("hex"));
    return found === undefined ? [] : [readFacts(found, name)];
  });
  return { files, total: entries.length };
}

async function sortedEntries(scripts: FileScripts, path: string): Promise<Entry[]> {
  const printed = fields(await scripts.run("names", [path], { maxOutputBytes: maxNamesBytes }));
  const entries = printed.map((field, index) => ({
    isDirectory: field[0] === directoryMark,
    name: field.subarray(1),
    index,
  }));
  return entries.sort((a, b) => Number(b.isDirectory) - Number(a.isDirectory) || Buffer.compare(a.name, b.name));
}

/** By name as hexadecimal digits: a name need not be text. */
async function factsOf(scripts: FileScripts, path: string, page: readonly Entry[]): Promise<Map<string, Buffer>> {
  const told = fields(await scripts.run("page", [path, ...page.map(({ index }) => String(index))]));
  const facts = new Map<string, Buffer>();
  for (let at = 0; at + 1 < told.length; at += 2) facts.set(String(told[at + 1]?.toString("hex")), told[at] as Buffer);
  return facts;
}
