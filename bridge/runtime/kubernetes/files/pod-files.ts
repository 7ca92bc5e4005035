/** The files of an environment in a pod, by scripts that run there: as the person, with nothing but what they may do. */
import { nameOf } from "../../../../durable-objects/protocol/file-paths.ts";
import type { FileCondition, FileFacts, Upload } from "../../../../durable-objects/protocol/files.ts";
import { exactly } from "../../bodies.ts";
import type { Bytes, EnvironmentFiles, OpenFile, UploadWish, WrittenFile } from "../../files.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { Turns } from "../../turns.ts";
import type { Pod } from "../pod.ts";
import { refuseUnlessPossible, written } from "./conditions.ts";
import { readFacts, writtenFile } from "./facts.ts";
import { FileScripts } from "./file-scripts.ts";
import { listDirectory } from "./listing.ts";
import { PodUploads } from "./pod-uploads.ts";
import { sifted } from "./unpacking.ts";

export class PodFiles implements EnvironmentFiles {
  readonly #scripts: FileScripts;
  /** What gives files their names goes one after the other, so that what was expected of a file holds. */
  readonly #turns = new Turns();
  readonly #uploads: PodUploads;

  constructor(pod: Pod) {
    this.#scripts = new FileScripts(pod);
    this.#uploads = new PodUploads(this.#scripts, this.#turns);
  }

  async stat(path: string): Promise<FileFacts> {
    return readFacts(await this.#scripts.run("stat", [path]), nameOf(path) || ".");
  }

  async list(path: string, page: { offset: number; limit: number }) {
    return await listDirectory(this.#scripts, path, page);
  }

  async open(path: string): Promise<OpenFile> {
    const file = await this.stat(path);
    if (file.kind !== "file") throw new RuntimeFailure("not_a_file", "It is not a file");
    const read = (from: number, length: number) =>
      length === 0 ? nothing() : this.#scripts.read("read", [path, file.etag, String(from), String(length)], length);
    return { file, read, close: async () => {} };
  }

  async write(path: string, body: Bytes, { length, condition }: { length: number; condition: FileCondition }) {
    await refuseUnlessPossible(this.#scripts, { path, condition, length });
    const fresh = `write-${crypto.randomUUID()}`;
    const isAtomic = condition === null || condition.kind === "absent";
    if (isAtomic) {
      const args = [fresh, path, written(condition), String(length)];
      return writtenFile(await this.#scripts.feed("write", args, exactly(body, length)), path);
    }
    // Of several who expect the same version one writes: looking at it and replacing it are two steps there.
    await this.#scripts.feed("lay", [fresh, String(length)], exactly(body, length));
    return await this.#placing("settle", [fresh, path, written(condition)], path);
  }

  async makeDirectory(path: string): Promise<WrittenFile> {
    return writtenFile(await this.#scripts.run("makeDirectory", [path]), path);
  }

  move(from: string, to: string, replace: boolean): Promise<WrittenFile> {
    return this.#placing("move", [from, to, replace ? "1" : "0"], to);
  }

  async remove(path: string, recursive: boolean): Promise<void> {
    await this.#scripts.run("remove", [path, recursive ? "1" : "0", `removed-${crypto.randomUUID()}`]);
  }

  async pack(path: string): Promise<{ name: string; body: Bytes }> {
    await this.stat(path);
    return { name: nameOf(path), body: this.#scripts.read("pack", [path], null) };
  }

  async unpack(path: string, body: Bytes, length: number): Promise<number> {
    if (length === 0) throw new RuntimeFailure("bad_archive", "The archive is empty");
    await this.#scripts.run("room", [String(length)]);
    const fresh = `unpack-${crypto.randomUUID()}`;
    let entries = 0;
    const archive = sifted(exactly(body, length), () => {
      entries += 1;
    });
    try {
      await this.#scripts.feed("unpack", [fresh], archive);
      await this.#turns.take(() => this.#scripts.run("merge", [fresh, path]));
    } catch (error) {
      // The script tidies up by itself where it can, and may be at it; what is left is swept later.
      await this.#scripts.run("drop", [fresh]).catch(() => undefined);
      throw error;
    }
    return entries;
  }

  beginUpload(wish: UploadWish): Promise<Upload> {
    return this.#uploads.begin(wish);
  }

  findUpload(id: string): Promise<Upload> {
    return this.#uploads.find(id);
  }

  putPart(id: string, part: number, body: Bytes, length: number): Promise<void> {
    return this.#uploads.put(id, part, body, length);
  }

  finishUpload(id: string): Promise<WrittenFile> {
    return this.#uploads.finish(id);
  }

  abandonUpload(id: string): Promise<void> {
    return this.#uploads.abandon(id);
  }

  /** Runs a script that gives the file at `path` its name. */
  #placing(script: "settle" | "move", args: readonly string[], path: string): Promise<WrittenFile> {
    return this.#turns.take(async () => writtenFile(await this.#scripts.run(script, args), path));
  }
}

async function* nothing(): Bytes {}
