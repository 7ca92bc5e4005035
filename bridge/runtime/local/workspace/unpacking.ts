/**
 * Archives up: unpacked beside the workspace first, where nothing but this writes, and merged into it only when all of
 * the archive was good.
 */
import { lstat, mkdir, open, readdir, rename, symlink, unlink } from "node:fs/promises";
import { extract } from "tar-stream";
import { limits } from "../../../../durable-objects/protocol/timing.ts";
import { exactly } from "../../bodies.ts";
import type { Bytes } from "../../files.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { TarEntries, type TarEntry } from "../../tar-entries.ts";
import { isErrno } from "./refusals.ts";
import { at, type Root, within } from "./walk.ts";

const fileBits = 0o777;
const ownBits = 0o700;

/** Unpacks into an empty directory of ours and tells how many entries there were. */
export async function unpackInto(directory: string, body: Bytes, length: number): Promise<number> {
  if (length === 0) throw new RuntimeFailure("bad_archive", "The archive is empty");
  const root = { path: directory, aliases: [] };
  const reader = extract();
  reader.on("error", () => undefined);
  const fed = feed(reader, exactly(body, length));
  const entries = new TarEntries();
  let count = 0;
  try {
    for await (const source of reader) {
      // What goes wrong is told where it is awaited.
      source.on("error", () => undefined);
      count += 1;
      if (count > limits.maxArchiveEntries) {
        throw new RuntimeFailure("too_many_entries", `An archive may have ${limits.maxArchiveEntries} entries`);
      }
      await lay(root, entries.next(source.header), contentOf(source));
    }
  } catch (error) {
    const cause = await fed;
    throw cause ?? asBadArchive(error);
  }
  const cause = await fed;
  if (cause !== null) throw cause;
  return count;
}

type Reader = ReturnType<typeof extract>;

/** What a source gives is not told by its types. */
async function* contentOf(source: AsyncIterable<unknown>): Bytes {
  for await (const chunk of source) {
    if (!(chunk instanceof Uint8Array)) throw new Error("an archive's content is not bytes");
    yield chunk;
  }
}

/** Feeds the reader no faster than it reads; resolves with what went wrong with the body itself. */
async function feed(reader: Reader, body: Bytes): Promise<unknown> {
  try {
    for await (const chunk of body) {
      if (reader.destroyed) return null;
      if (!reader.write(chunk)) await Promise.race([drained(reader), closed(reader)]);
    }
    reader.end(undefined);
    return null;
  } catch (error) {
    reader.destroy(error instanceof Error ? error : new Error(String(error)));
    return error;
  }
}

const drained = (reader: Reader) => new Promise<void>((resolve) => reader.once("drain", () => resolve()));
const closed = (reader: Reader) => new Promise<void>((resolve) => reader.once("close", () => resolve()));

function asBadArchive(error: unknown): unknown {
  const isOurs = error instanceof RuntimeFailure || error instanceof TypeError;
  if (isOurs || (error as NodeJS.ErrnoException).errno !== undefined) return error;
  return new RuntimeFailure("bad_archive", "This is not a tar archive, or it is cut");
}

async function lay(root: Root, entry: TarEntry, content: Bytes): Promise<void> {
  try {
    await at(root, entry.names.join("/"), { followLast: false, make: true }, ({ path }) => make(path, entry, content));
  } catch (error) {
    const isThroughFile = isErrno(error, "ENOTDIR", "ELOOP", "EISDIR", "EEXIST");
    const isThroughLink = error instanceof RuntimeFailure && error.code === "outside_workspace";
    if (!isThroughFile && !isThroughLink) throw error;
    throw new RuntimeFailure("unsafe_archive", `${JSON.stringify(entry.names.join("/"))} lies in what is no directory`);
  }
}

/** An entry of the same name before it is replaced, as `tar` does. */
async function make(path: string, entry: TarEntry, content: Bytes): Promise<void> {
  if (entry.kind === "directory") {
    await mkdir(path, { mode: (entry.mode & fileBits) | ownBits }).catch(async (error: unknown) => {
      if (!isErrno(error, "EEXIST") || !(await lstat(path)).isDirectory()) throw error;
    });
    return await readToEnd(content);
  }
  if (entry.kind === "link") {
    await anew(path, () => symlink(entry.target, path));
    return await readToEnd(content);
  }
  const file = await anew(path, () => open(path, "wx", entry.mode & fileBits));
  try {
    for await (const chunk of content) await file.writeFile(chunk);
    await file.utimes(entry.modifiedAt, entry.modifiedAt);
  } finally {
    await file.close();
  }
}

/** The next entry comes when this one's content was read, even if it has none. */
async function readToEnd(content: Bytes): Promise<void> {
  for await (const _ of content);
}

async function anew<Value>(path: string, make: () => Promise<Value>): Promise<Value> {
  try {
    return await make();
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
  await unlink(path);
  return await make();
}

/** Moves everything of one directory, no link to one, into another one: directories into those that are there, files over files. */
export async function merge(from: string, to: string): Promise<void> {
  await within(from, async (from) => {
    await walkBoth(from, to, async () => {});
    await walkBoth(from, to, rename);
  });
}

/** Throws `path_exists` before anything is moved where a directory would meet a file. */
async function walkBoth(from: string, to: string, move: (from: string, to: string) => Promise<void>): Promise<void> {
  for (const name of await readdir(from)) {
    const [source, target] = [`${from}/${name}`, `${to}/${name}`];
    const [coming, found] = [await lstat(source), await lstat(target).catch(nothing)];
    if (found?.isDirectory() && coming.isDirectory()) {
      await within(source, (source) => within(target, (target) => walkBoth(source, target, move)));
      continue;
    }
    const isInWay = found !== null && (found.isDirectory() || coming.isDirectory());
    if (isInWay) throw new RuntimeFailure("path_exists", `${JSON.stringify(name)} is there as something else`);
    await move(source, target);
  }
}

function nothing(error: unknown): null {
  if (isErrno(error, "ENOENT")) return null;
  throw error;
}
