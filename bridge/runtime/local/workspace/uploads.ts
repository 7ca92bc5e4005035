/**
 * Files that come in parts. An upload is a directory in the staging: `upload.json` says what is wanted, `data` holds
 * the parts each at its place, and an empty file named `part-N` says that part N is all there. Programs inside can put
 * anything in their places: links and pipes are not followed and not waited for.
 */
import { constants } from "node:fs";
import { mkdir, readdir, rename, utimes, writeFile } from "node:fs/promises";
import type { Upload } from "../../../../durable-objects/protocol/files.ts";
import { limits } from "../../../../durable-objects/protocol/timing.ts";
import type { Bytes, UploadWish } from "../../files.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { maxWishBytes, missingParts, partLength, readWish, toUpload } from "../../upload-wish.ts";
import { writeBody } from "./bodies.ts";
import { isErrno } from "./refusals.ts";
import { drop, inStaging, uploadIds, uploadName } from "./staging.ts";
import { openDirectory, openRegular, type Root } from "./walk.ts";

const { O_CREAT, O_RDONLY, O_RDWR, O_WRONLY } = constants;

const partName = /^part-(\d{1,5})$/;

export class LocalUploads {
  readonly #root: Root;

  constructor(root: Root) {
    this.#root = root;
  }

  async begin(wish: UploadWish): Promise<Upload> {
    return await inStaging(this.#root, async (staging) => {
      if ((await uploadIds(staging)).length >= limits.maxUploads) {
        throw new RuntimeFailure("too_many_uploads", `There are ${limits.maxUploads} unfinished uploads already`);
      }
      const directory = `${staging}/${uploadName(wish.id)}`;
      await mkdir(directory, { mode: 0o700 });
      try {
        await writeFile(`${directory}/data`, "", { flag: "wx" });
        await writeFile(`${directory}/upload.json`, JSON.stringify(wish), { flag: "wx", mode: 0o600 });
      } catch (error) {
        await drop(directory);
        throw error;
      }
      return toUpload(wish, []);
    });
  }

  find(id: string): Promise<Upload> {
    return this.#of(id, async (directory, wish) => toUpload(wish, await receivedIn(directory)));
  }

  /** The part's number and its length must be what the upload says. */
  put(id: string, part: number, body: Bytes, length: number): Promise<void> {
    return this.#of(id, async (directory, wish) => {
      if (length !== partLength(wish, part)) throw new RuntimeFailure("bad_path", "The part has another length");
      const data = await openRegular(`${directory}/data`, O_RDWR).catch(notFound);
      try {
        await writeBody(data, body, length, part * wish.partBytes);
        await data.datasync();
      } finally {
        await data.close();
      }
      await (await openRegular(`${directory}/part-${part}`, O_WRONLY | O_CREAT)).close();
      // An upload that goes on is not swept: its directory's time is that of its last part, also of one that came again.
      await utimes(directory, new Date(), new Date());
    });
  }

  /** Hands the finished file over, and forgets the upload once that has been placed. */
  finish<Value>(id: string, place: (finished: string, wish: UploadWish) => Promise<Value>): Promise<Value> {
    return this.#of(id, async (directory, wish) => {
      const missing = missingParts(wish, await receivedIn(directory));
      if (missing > 0) throw new RuntimeFailure("upload_incomplete", `${missing} parts are missing`);
      const placed = await place(`${directory}/data`, wish);
      await inStaging(this.#root, (staging) => drop(`${staging}/${uploadName(id)}`));
      return placed;
    });
  }

  abandon(id: string): Promise<void> {
    return this.#of(id, async () => {
      await inStaging(this.#root, async (staging) => {
        // Nobody finds it any more, whatever is still being written to it.
        const gone = `${staging}/removed-${id}`;
        await rename(`${staging}/${uploadName(id)}`, gone);
        await drop(gone);
      });
    });
  }

  async #of<Value>(id: string, use: (directory: string, wish: UploadWish) => Promise<Value>): Promise<Value> {
    return await inStaging(this.#root, async (staging) => {
      const directory = await openDirectory(`${staging}/${uploadName(id)}`).catch(notFound);
      try {
        const path = `/proc/self/fd/${directory.fd}`;
        return await use(path, await wishIn(path));
      } finally {
        await directory.close();
      }
    });
  }
}

async function wishIn(directory: string): Promise<UploadWish> {
  const file = await openRegular(`${directory}/upload.json`, O_RDONLY).catch(notFound);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxWishBytes + 1), 0, maxWishBytes + 1, 0);
    return readWish(buffer.toString("utf8", 0, bytesRead));
  } finally {
    await file.close();
  }
}

async function receivedIn(directory: string): Promise<number[]> {
  return (await readdir(directory)).flatMap((name) => partName.exec(name)?.[1] ?? []).map(Number);
}

function notFound(error: unknown): never {
  const isOther = error instanceof RuntimeFailure && error.code === "not_a_file";
  if (isOther || isErrno(error, "ENOENT", "ENOTDIR", "ELOOP"))
    throw new RuntimeFailure("upload_not_found", "There is no such upload");
  throw error;
}
