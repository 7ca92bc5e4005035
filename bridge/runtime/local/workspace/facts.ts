/** What a file system tells of a file, as people are told. */
import type { BigIntStats } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import type { FileCondition, FileFacts } from "../../../../durable-objects/protocol/files.ts";
import { limits } from "../../../../durable-objects/protocol/timing.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { toldSize, toldTime } from "../../told-facts.ts";
import { isErrno } from "./refusals.ts";

const executableBits = 0o111n;

/** Facts of what is at a path, a link itself and not what it leads to. */
export async function factsAt(path: string | Buffer, name: string | Buffer): Promise<FileFacts> {
  return await factsOf(await lstat(path, { bigint: true }), path, name);
}

/** The same, or null where nothing is. */
export async function factsIfAny(path: string, name: string): Promise<FileFacts | null> {
  return await factsAt(path, name).catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  });
}

export async function factsOf(stats: BigIntStats, path: string | Buffer, name: string | Buffer): Promise<FileFacts> {
  const kind = kindOf(stats);
  const text = name.toString();
  return {
    name: text.slice(0, limits.maxFileNameBytes),
    is_readable_name: typeof name === "string" || Buffer.from(text).equals(name),
    kind,
    size: kind === "file" ? toldSize(Number(stats.size)) : 0,
    modified_at: toldTime(Number(stats.mtimeMs)),
    is_executable: kind === "file" && (stats.mode & executableBits) !== 0n,
    target: kind === "link" ? (await readlink(path)).slice(0, limits.maxFileNameBytes) : null,
    etag: [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].map((value) => value.toString(16)).join("-"),
  };
}

/** Throws `file_changed` unless what is there (null = nothing) is what whoever writes expects. */
export function expect(condition: FileCondition, found: FileFacts | null): void {
  const holds =
    condition === null ||
    ((condition.kind === "absent" ? found === null : found !== null) &&
      (condition.kind !== "one_of" || condition.etags.includes(found?.etag ?? "")));
  if (!holds) throw new RuntimeFailure("file_changed", "The file is not the one that was expected");
}

function kindOf(stats: BigIntStats): FileFacts["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "link" : "other";
}
