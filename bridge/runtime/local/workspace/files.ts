/** The files of a local environment: its workspace's directory, and nothing but that. */
import { realpathSync } from "node:fs";
import { chmod, constants, lstat, mkdir, open, rmdir, unlink } from "node:fs/promises";
import { nameOf, workspacePath } from "../../../../durable-objects/protocol/file-paths.ts";
import type { FileCondition, FileFacts, Upload } from "../../../../durable-objects/protocol/files.ts";
import type { Bytes, EnvironmentFiles, OpenFile, UploadWish, WrittenFile } from "../../files.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { readBody, writeBody } from "./bodies.ts";
import { factsAt, factsIfAny, factsOf } from "./facts.ts";
import { listDirectory } from "./listing.ts";
import { packed } from "./packing.ts";
import { Placing } from "./placing.ts";
import { isErrno, refusing } from "./refusals.ts";
import type { Space } from "./space.ts";
import { discard, drop, freshName, inStaging, sweep } from "./staging.ts";
import { merge, unpackInto } from "./unpacking.ts";
import { LocalUploads } from "./uploads.ts";
import { at, openDirectory, type Root, type Spot, within } from "./walk.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const ownBits = 0o700;

export class LocalFiles implements EnvironmentFiles {
  readonly #root: Root;
  readonly #space: Space;
  readonly #machinePath: string;
  readonly #placing: Placing;
  readonly #uploads: LocalUploads;

  /** `workspace` has to be there. */
  constructor(workspace: string, space: Space, machinePath: string) {
    this.#root = { path: workspace, aliases: [workspacePath, workspace, realpathSync(workspace)] };
    this.#space = space;
    this.#machinePath = machinePath;
    this.#placing = new Placing(this.#root);
    this.#uploads = new LocalUploads(this.#root);
  }

  stat(path: string): Promise<FileFacts> {
    return this.#at(path, { followLast: true }, (spot) => factsAt(spot.path, spot.name));
  }

  list(path: string, page: { offset: number; limit: number }): Promise<{ files: FileFacts[]; total: number }> {
    return this.#at(path, { followLast: true }, (spot) =>
      within(spot.path, (directory) => listDirectory(directory, path === "", page)),
    );
  }

  open(path: string): Promise<OpenFile> {
    return this.#at(path, { followLast: true }, openFile);
  }

  async write(
    path: string,
    body: Bytes,
    { length, condition }: { length: number; condition: FileCondition },
  ): Promise<WrittenFile> {
    return await refusing(async () => {
      await this.#placing.refuseUnlessPossible(path, condition);
      return await this.#space.taking(length, () =>
        this.#staged("write", async (finished) => {
          const file = await open(finished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
          try {
            await writeBody(file, body, length);
            await file.datasync();
          } finally {
            await file.close();
          }
          return await this.#placing.file(finished, path, condition);
        }),
      );
    });
  }

  makeDirectory(path: string): Promise<WrittenFile> {
    return this.#at(path, { followLast: true, make: true }, async (spot) => {
      const found = await factsIfAny(spot.path, spot.name);
      if (found !== null && found.kind !== "directory") {
        throw new RuntimeFailure("path_exists", "There is something else at this path already");
      }
      if (found === null) await mkdir(spot.path);
      return { file: await factsAt(spot.path, spot.name), isNew: found === null };
    });
  }

  move(from: string, to: string, replace: boolean): Promise<WrittenFile> {
    return this.#at(from, { followLast: false }, async (spot) => {
      refuseWorkspace(spot);
      await lstat(spot.path);
      return await this.#placing.move(from, spot, to, replace);
    });
  }

  remove(path: string, recursive: boolean): Promise<void> {
    return this.#at(path, { followLast: false }, async (spot) => {
      refuseWorkspace(spot);
      if (!(await lstat(spot.path)).isDirectory()) return await unlink(spot.path);
      if (!recursive) return await rmdir(spot.path);
      await discard(this.#root, spot.path).catch(async (error: unknown) => {
        // A directory that was made read-only cannot be moved away.
        if (!isErrno(error, "EACCES", "EPERM")) throw error;
        await chmod(spot.path, ownBits);
        await discard(this.#root, spot.path);
      });
    });
  }

  async pack(path: string): Promise<{ name: string; body: Bytes }> {
    const isDirectory = (await this.stat(path)).kind === "directory";
    const spotted = await this.#at(path, { followLast: true }, async (spot) => ({
      directory: await openDirectory(isDirectory ? spot.path : `${spot.directoryPath}/.`),
      name: isDirectory ? "." : spot.name,
    }));
    return { name: nameOf(path), body: this.#packed(spotted) };
  }

  async unpack(path: string, body: Bytes, length: number): Promise<number> {
    return await refusing(() =>
      this.#space.taking(length, () =>
        this.#staged("unpack", async (directory) => {
          await mkdir(directory, { mode: ownBits });
          const entries = await unpackInto(directory, body, length);
          if (path !== "") await this.makeDirectory(path);
          await at(this.#root, path, { followLast: true }, (spot) =>
            within(spot.path, (target) => merge(directory, target)),
          );
          return entries;
        }),
      ),
    );
  }

  async beginUpload(wish: UploadWish): Promise<Upload> {
    return await refusing(async () => {
      await inStaging(this.#root, (staging) => sweep(staging, Date.now()));
      await this.#placing.refuseUnlessPossible(wish.path, wish.condition);
      await this.#space.refuseUnlessFits(wish.length);
      return await this.#uploads.begin(wish);
    });
  }

  findUpload(id: string): Promise<Upload> {
    return refusing(() => this.#uploads.find(id));
  }

  async putPart(id: string, part: number, body: Bytes, length: number): Promise<void> {
    await refusing(() => this.#space.taking(length, () => this.#uploads.put(id, part, body, length)));
  }

  finishUpload(id: string): Promise<WrittenFile> {
    return refusing(() =>
      this.#uploads.finish(id, (finished, { path, condition }) => this.#placing.file(finished, path, condition)),
    );
  }

  abandonUpload(id: string): Promise<void> {
    return refusing(() => this.#uploads.abandon(id));
  }

  #at<Value>(path: string, way: Parameters<typeof at>[2], use: (spot: Spot) => Promise<Value>): Promise<Value> {
    return refusing(() => at(this.#root, path, way, use));
  }

  /** Works under a name that nobody sees, of which nothing is left afterwards. */
  #staged<Value>(kind: "write" | "unpack", work: (path: string) => Promise<Value>): Promise<Value> {
    return inStaging(this.#root, async (staging) => {
      const path = `${staging}/${freshName(kind)}`;
      try {
        return await work(path);
      } finally {
        await drop(path);
      }
    });
  }

  /** The directory stays open for as long as it is read. */
  async *#packed({ directory, name }: { directory: Awaited<ReturnType<typeof openDirectory>>; name: string }): Bytes {
    try {
      yield* packed(`/proc/${process.pid}/fd/${directory.fd}`, name, this.#machinePath);
    } finally {
      await directory.close();
    }
  }
}

function refuseWorkspace({ name }: Spot): void {
  if (name === ".") throw new RuntimeFailure("path_forbidden", "The workspace itself stays");
}

/** Opens no device and waits for no pipe. */
async function openFile(spot: Spot): Promise<OpenFile> {
  const isFile = (await lstat(spot.path)).isFile();
  if (!isFile) throw new RuntimeFailure("not_a_file", "It is not a file");
  const handle = await open(spot.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const file = await factsOf(await handle.stat({ bigint: true }), spot.path, spot.name);
    return { file, read: (from, length) => readBody(handle, from, length), close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
