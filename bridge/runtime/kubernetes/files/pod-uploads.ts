/**
 * Files that come in parts, in a pod. An upload is a directory in the staging there: what is wanted of it as a text, its parts each
 * at its place in one file, and a mark for every part that is all there.
 */
import type { Upload } from "../../../../durable-objects/protocol/files.ts";
import { limits } from "../../../../durable-objects/protocol/timing.ts";
import { exactly } from "../../bodies.ts";
import type { Bytes, UploadWish, WrittenFile } from "../../files.ts";
import { RuntimeFailure } from "../../runtime.ts";
import type { Turns } from "../../turns.ts";
import { missingParts, partLength, readWish, toUpload } from "../../upload-wish.ts";
import { refuseUnlessPossible, written } from "./conditions.ts";
import { writtenFile } from "./facts.ts";
import type { FileScripts } from "./file-scripts.ts";

export class PodUploads {
  readonly #scripts: FileScripts;
  readonly #turns: Turns;

  /** `turns` are those in which files get their names. */
  constructor(scripts: FileScripts, turns: Turns) {
    this.#scripts = scripts;
    this.#turns = turns;
  }

  async begin(wish: UploadWish): Promise<Upload> {
    await refuseUnlessPossible(this.#scripts, wish);
    const input = Buffer.from(JSON.stringify(wish));
    await this.#turns.take(() => this.#scripts.run("begin", [wish.id, String(input.length)], { input }));
    return toUpload(wish, []);
  }

  async find(id: string): Promise<Upload> {
    const { wish, received } = await this.#find(id);
    return toUpload(wish, received);
  }

  /** The part's number and its length must be what the upload says. */
  async put(id: string, part: number, body: Bytes, length: number): Promise<void> {
    const { wish } = await this.#find(id);
    if (length !== partLength(wish, part)) throw new RuntimeFailure("bad_path", "The part has another length");
    const blocks = (part * wish.partBytes) / limits.partBlockBytes;
    await this.#scripts.run("room", [String(length)]);
    await this.#scripts.feed("part", [id, String(blocks), String(length)], exactly(body, length));
    await this.#scripts.run("mark", [id, String(part)]);
  }

  /** Gives the finished file its name, and forgets the upload. */
  async finish(id: string): Promise<WrittenFile> {
    const { wish, received } = await this.#find(id);
    const missing = missingParts(wish, received);
    if (missing > 0) throw new RuntimeFailure("upload_incomplete", `${missing} parts are missing`);
    const { path, condition } = wish;
    return await this.#turns.take(async () =>
      writtenFile(await this.#scripts.run("finish", [id, path, written(condition)]), path),
    );
  }

  async abandon(id: string): Promise<void> {
    await this.#scripts.run("abandon", [id]);
  }

  async #find(id: string): Promise<{ wish: UploadWish; received: number[] }> {
    const printed = await this.#scripts.run("find", [id]);
    const end = printed.indexOf(0);
    const wish = readWish(printed.toString("utf8", 0, Math.max(0, end)));
    const words = printed.toString("utf8", end + 1).split(" ");
    return { wish, received: words.filter((word) => /^\d{1,5}$/.test(word)).map(Number) };
  }
}
