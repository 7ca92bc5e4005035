/**
 * The way from a workspace to a file of it, from one open directory to the next: programs inside may rename and link
 * as they like meanwhile, and still nothing outside is reached. Links are read and their paths walked anew from the
 * workspace; none is followed by the kernel.
 */
import { constants, type FileHandle, mkdir, open, readlink } from "node:fs/promises";
import { segmentsOf, stagingName } from "../../../../durable-objects/protocol/file-paths.ts";
import { limits } from "../../../../durable-objects/protocol/timing.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { isErrno } from "./refusals.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** A directory that stays the same whatever happens to its name, and a name in it. */
export interface Spot {
  directory: FileHandle;
  /** Names the directory to the kernel while it is open. */
  directoryPath: string;
  /** Of what is meant in it; `.` for the workspace itself. */
  name: string;
  /** Names what is meant. */
  path: string;
}

export interface Way {
  /** Whether a link at the end of the path is followed too. */
  followLast: boolean;
  /** Whether directories that are missing on the way are made. */
  make?: boolean;
}

/** The workspace's own directory, under every name that programs inside may know it by. */
export interface Root {
  path: string;
  aliases: readonly string[];
}

/** Goes to where the path leads and does something there. The end itself may be missing. */
export async function at<Value>(
  root: Root,
  path: string,
  way: Way,
  use: (spot: Spot) => Promise<Value>,
): Promise<Value> {
  let names = segmentsOf(path);
  for (let links = 0; links <= limits.maxFollowedLinks; links += 1) {
    const walked = await walk(root.path, names, way);
    if (walked.kind === "linked") {
      names = rewritten(root, walked);
      continue;
    }
    try {
      return await use(walked.spot);
    } finally {
      await walked.spot.directory.close();
    }
  }
  throw new RuntimeFailure("bad_path", "Too many links lead on");
}

interface Linked {
  kind: "linked";
  before: string[];
  target: string;
  after: string[];
}

async function walk(root: string, names: string[], way: Way): Promise<{ kind: "there"; spot: Spot } | Linked> {
  let directory = await openDirectory(root);
  try {
    for (const [index, name] of names.entries()) {
      const isLast = index === names.length - 1;
      const path = inside(directory, name);
      const target = !isLast || way.followLast ? await linkTarget(path) : null;
      if (target !== null) {
        await directory.close();
        return { kind: "linked", before: names.slice(0, index), target, after: names.slice(index + 1) };
      }
      if (isLast) break;
      const next = await openOrMake(path, way.make === true);
      await directory.close();
      directory = next;
    }
    return { kind: "there", spot: spotIn(directory, names.at(-1) ?? ".") };
  } catch (error) {
    await directory.close();
    throw error;
  }
}

async function openOrMake(path: string, isMade: boolean): Promise<FileHandle> {
  try {
    return await openDirectory(path);
  } catch (error) {
    if (!isMade || !isErrno(error, "ENOENT")) throw error;
  }
  await mkdir(path).catch(ignoreExisting);
  return await openDirectory(path);
}

/** Opens a directory, not a link to one. */
export async function openDirectory(path: string): Promise<FileHandle> {
  return await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/** Opens a file, and nothing else: no link is followed, no pipe waited for. */
export async function openRegular(path: string, flags: number): Promise<FileHandle> {
  const file = await open(path, flags | O_NOFOLLOW | O_NONBLOCK, 0o600);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new RuntimeFailure("not_a_file", "It is not a file");
}

/** Opens a directory and does something with a path that names it whatever happens to its name. */
export async function within<Value>(path: string, use: (path: string) => Promise<Value>): Promise<Value> {
  const directory = await openDirectory(path);
  try {
    return await use(`/proc/self/fd/${directory.fd}`);
  } finally {
    await directory.close();
  }
}

function inside(directory: FileHandle, name: string): string {
  return `/proc/self/fd/${directory.fd}/${name}`;
}

function spotIn(directory: FileHandle, name: string): Spot {
  return { directory, directoryPath: `/proc/self/fd/${directory.fd}`, name, path: inside(directory, name) };
}

/** What a link says, or null for what is none. */
async function linkTarget(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch (error) {
    if (isErrno(error, "EINVAL", "ENOENT")) return null;
    throw error;
  }
}

/** The path that a link on the way makes of it. What is before it holds no links. */
function rewritten(root: Root, { before, target, after }: Linked): string[] {
  const alias = root.aliases.find((each) => `${target}/`.startsWith(`${each}/`));
  if (target.startsWith("/") && alias === undefined) throw outside();
  const names = alias === undefined ? [...before] : [];
  for (const name of [...segmentsOf(alias === undefined ? target : target.slice(alias.length)), ...after]) {
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) throw outside();
  }
  if (names[0] === stagingName) throw new RuntimeFailure("path_forbidden", "The path leads to what is not yet a file");
  return names;
}

function outside(): RuntimeFailure {
  return new RuntimeFailure("outside_workspace", "A link on the way leads out of the workspace");
}

function ignoreExisting(error: unknown): void {
  if (!isErrno(error, "EEXIST")) throw error;
}
