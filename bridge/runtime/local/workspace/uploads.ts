/**
 * Files that come in parts. An upload is a directory in the staging: `upload.json` says what is wanted, `data` holds
 * the parts each at its place, and an empty file named `part-N` says that part N is all there.
 */
import { mkdir, open, readdir, readFile, rename, utimes, writeFile } from "node:fs/promises";
import type { Upload } from "../../../../durable-objects/protocol/files.ts";
import { limits } from "../../../../durable-objects/protocol/timing.ts";
import type { Bytes, UploadWish } from "../../files.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { partCount, partLength, readWish, toUpload } from "../../upload-wish.ts";
import { writeBody } from "./bodies.ts";
import { isErrno } from "./refusals.ts";
import { drop, inStaging, uploadIds, uploadName } from "./staging.ts";
import { openDirectory, type Root } from "./walk.ts";

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
      await writeFile(`${directory}/data`, "", { flag: "wx" });
      await writeFile(`${directory}/upload.json`, JSON.stringify(wish), { flag: "wx", mode: 0o600 });
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
      const data = await open(`${directory}/data`, "r+");
      try {
        await writeBody(data, body, length, part * wish.partBytes);
        await data.datasync();
      } finally {
        await data.close();
      }
      await writeFile(`${directory}/part-${part}`, "");
      // An upload that goes on is not swept: its directory's time is that of its last part, also of one that came again.
      await utimes(directory, new Date(), new Date());
    });
  }

  /** Hands the finished file over, and forgets the upload once that has been placed. */
  finish<Value>(id: string, place: (finished: string, wish: UploadWish) => Promise<Value>): Promise<Value> {
    return this.#of(id, async (directory, wish) => {
      const missing = partCount(wish) - (await receivedIn(directory)).length;
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
  return readWish(await readFile(`${directory}/upload.json`, "utf8").catch(notFound));
}

async function receivedIn(directory: string): Promise<number[]> {
  const numbers = (await readdir(directory)).flatMap((name) => partName.exec(name)?.[1] ?? []).map(Number);
  return numbers.sort((a, b) => a - b);
}

function notFound(error: unknown): never {
  if (isErrno(error, "ENOENT", "ENOTDIR")) throw new RuntimeFailure("upload_not_found", "There is no such upload");
  throw error;
}
