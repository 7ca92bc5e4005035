/**
 * `.devpocket` in a workspace: what is on its way to becoming a file, and what is on its way out, on the same file system
 * so that both happen at once. Nobody's path leads here; what was left behind is removed when something else comes.
 */
import { lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { stagingName } from "../../../../durable-objects/protocol/file-paths.ts";
import { timing } from "../../../../durable-objects/protocol/timing.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { removeTree } from "../files.ts";
import { isErrno } from "./refusals.ts";
import { type Root, within } from "./walk.ts";

/** What nobody has touched for so long belongs to a process that is gone. */
const leftBehindMs = 3_600_000;
const uploadPrefix = "u-";

/** Opens the place, makes it where it is missing, and gives the path that names it while `use` works. */
export async function inStaging<Value>(root: Root, use: (staging: string) => Promise<Value>): Promise<Value> {
  return await within(root.path, async (workspace) => {
    const path = `${workspace}/${stagingName}`;
    await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
      if (!isErrno(error, "EEXIST")) throw error;
    });
    const isOurs = (await lstat(path)).isDirectory();
    if (!isOurs) throw new RuntimeFailure("path_forbidden", `${stagingName} in the workspace is not a directory`);
    return await within(path, use);
  });
}

/** The name of a fresh thing that is kept for an hour: `kind` says what it is. */
export function freshName(kind: "write" | "unpack" | "removed"): string {
  return `${kind}-${crypto.randomUUID()}`;
}

export function uploadName(id: string): string {
  return `${uploadPrefix}${id}`;
}

/** Ids of the uploads that are not finished. */
export async function uploadIds(staging: string): Promise<string[]> {
  const names = await readdir(staging);
  return names.filter((name) => name.startsWith(uploadPrefix)).map((name) => name.slice(uploadPrefix.length));
}

/** Removes what was left behind. */
export async function sweep(staging: string, nowMs: number): Promise<void> {
  for (const name of await readdir(staging)) {
    const found = await lstat(`${staging}/${name}`).catch(() => null);
    const keptMs = name.startsWith(uploadPrefix) ? timing.uploadKeptMs : leftBehindMs;
    if (found !== null && nowMs - found.mtimeMs > keptMs) await removeTree(`${staging}/${name}`);
  }
}

/** Takes something out of sight at once and removes it after that, however much it is. */
export async function discard(root: Root, path: string): Promise<void> {
  const name = freshName("removed");
  await inStaging(root, (staging) => rename(path, `${staging}/${name}`));
  void inStaging(root, (staging) => removeTree(`${staging}/${name}`)).catch(keptForSweep);
}

/** Removes something of ours; what cannot be removed now is swept later. */
export async function drop(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(keptForSweep);
}

function keptForSweep(): void {
  // Whatever stays is swept when it is old.
}
