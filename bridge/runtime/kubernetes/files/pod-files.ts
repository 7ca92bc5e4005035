/** The files of an environment in a pod, by scripts that run there: as the person, with nothing but what they may do. */
import { nameOf } from "../../../../durable-objects/protocol/file-paths.ts";
import {
  type FileCondition,
  type FileFacts,
  fileFailures,
  type Upload,
} from "../../../../durable-objects/protocol/files.ts";
import { limits } from "../../../../durable-objects/protocol/timing.ts";
import { exactly } from "../../bodies.ts";
import type { Bytes, EnvironmentFiles, OpenFile, UploadWish, WrittenFile } from "../../files.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { Turns } from "../../turns.ts";
import { missingParts, partLength, readWish, toUpload } from "../../upload-wish.ts";
import { failing } from "../failures.ts";
import type { Pod } from "../pod.ts";
import { fields, readFacts } from "./facts.ts";
import { refusedExit, scriptProgram, type scripts } from "./scripts.ts";
import { outputOf, withInput } from "./stream.ts";
import { sifted } from "./unpacking.ts";

type Script = keyof typeof scripts;

/** Of the names of a very full directory. */
const maxNamesBytes = 16 * 1_048_576;

export class PodFiles implements EnvironmentFiles {
  readonly #pod: Pod;
  /** What gives files their names goes one after the other, so that what was expected of a file holds. */
  readonly #turns = new Turns();

  constructor(pod: Pod) {
    this.#pod = pod;
  }

  async stat(path: string): Promise<FileFacts> {
    return readFacts(await this.#run("stat", [path]), nameOf(path) || ".");
  }

  async list(path: string, { offset, limit }: { offset: number; limit: number }) {
    const all = fields(await this.#run("names", [path], { maxOutputBytes: maxNamesBytes }));
    const entries = all.map((field, index) => ({ isDirectory: field[0] === 0x64, name: field.subarray(1), index }));
    entries.sort((a, b) => Number(b.isDirectory) - Number(a.isDirectory) || Buffer.compare(a.name, b.name));
    const page = entries.slice(offset, offset + limit);
    if (page.length === 0) return { files: [], total: all.length };
    const told = fields(await this.#run("page", [path, ...page.map(({ index }) => String(index))]));
    const facts = new Map<string, Buffer>();
    for (let at = 0; at + 1 < told.length; at += 2)
      facts.set(String(told[at + 1]?.toString("hex")), told[at] as Buffer);
    const files = page.flatMap(({ name }) => {
      const found = facts.get(name.toString("hex"));
      return found === undefined ? [] : [readFacts(found, name)];
    });
    return { files, total: all.length };
  }

  async open(path: string): Promise<OpenFile> {
    const file = await this.stat(path);
    if (file.kind !== "file") throw new RuntimeFailure("not_a_file", "It is not a file");
    const read = (from: number, length: number) =>
      length === 0 ? nothing() : this.#reading("read", [path, file.etag, String(from), String(length)], length);
    return { file, read, close: async () => {} };
  }

  async write(path: string, body: Bytes, { length, condition }: { length: number; condition: FileCondition }) {
    await this.#run("check", [path, written(condition)]).catch(ignoreMissing(condition));
    await this.#run("room", [String(length)]);
    const fresh = `write-${crypto.randomUUID()}`;
    const isAtomic = condition === null || condition.kind === "absent";
    if (isAtomic) {
      const args = [fresh, path, written(condition), String(length)];
      return writtenFile(await this.#feed("write", args, exactly(body, length)), path);
    }
    // Of several who expect the same version one writes: looking at it and replacing it are two steps there.
    await this.#feed("lay", [fresh, String(length)], exactly(body, length));
    return await this.#turns.take(async () =>
      writtenFile(await this.#run("settle", [fresh, path, written(condition)]), path),
    );
  }

  async makeDirectory(path: string): Promise<WrittenFile> {
    return writtenFile(await this.#run("makeDirectory", [path]), path);
  }

  move(from: string, to: string, replace: boolean): Promise<WrittenFile> {
    return this.#turns.take(async () => writtenFile(await this.#run("move", [from, to, replace ? "1" : "0"]), to));
  }

  async remove(path: string, recursive: boolean): Promise<void> {
    await this.#run("remove", [path, recursive ? "1" : "0", `removed-${crypto.randomUUID()}`]);
  }

  async pack(path: string): Promise<{ name: string; body: Bytes }> {
    await this.stat(path);
    return { name: nameOf(path), body: this.#reading("pack", [path], null) };
  }

  async unpack(path: string, body: Bytes, length: number): Promise<number> {
    if (length === 0) throw new RuntimeFailure("bad_archive", "The archive is empty");
    await this.#run("room", [String(length)]);
    const fresh = `unpack-${crypto.randomUUID()}`;
    let entries = 0;
    const archive = sifted(exactly(body, length), () => {
      entries += 1;
    });
    try {
      await this.#feed("unpack", [fresh], archive);
      await this.#turns.take(() => this.#run("merge", [fresh, path]));
    } catch (error) {
      // The script tidies up by itself where it can, and may be at it; what is left is swept later.
      await this.#run("drop", [fresh]).catch(() => undefined);
      throw error;
    }
    return entries;
  }

  async beginUpload(wish: UploadWish): Promise<Upload> {
    await this.#run("check", [wish.path, written(wish.condition)]).catch(ignoreMissing(wish.condition));
    await this.#run("room", [String(wish.length)]);
    const input = Buffer.from(JSON.stringify(wish));
    await this.#turns.take(() => this.#run("begin", [wish.id, String(input.length)], { input }));
    return toUpload(wish, []);
  }

  async findUpload(id: string): Promise<Upload> {
    const { wish, received } = await this.#find(id);
    return toUpload(wish, received);
  }

  async putPart(id: string, part: number, body: Bytes, length: number): Promise<void> {
    const { wish } = await this.#find(id);
    if (length !== partLength(wish, part)) throw new RuntimeFailure("bad_path", "The part has another length");
    const blocks = (part * wish.partBytes) / limits.partBlockBytes;
    await this.#run("room", [String(length)]);
    await this.#feed("part", [id, String(blocks), String(length)], exactly(body, length));
    await this.#run("mark", [id, String(part)]);
  }

  async finishUpload(id: string): Promise<WrittenFile> {
    const { wish, received } = await this.#find(id);
    const missing = missingParts(wish, received);
    if (missing > 0) throw new RuntimeFailure("upload_incomplete", `${missing} parts are missing`);
    return await this.#turns.take(async () =>
      writtenFile(await this.#run("finish", [id, wish.path, written(wish.condition)]), wish.path),
    );
  }

  async abandonUpload(id: string): Promise<void> {
    await this.#run("abandon", [id]);
  }

  async #find(id: string): Promise<{ wish: UploadWish; received: number[] }> {
    const printed = await this.#run("find", [id]);
    const end = printed.indexOf(0);
    const wish = readWish(printed.toString("utf8", 0, Math.max(0, end)));
    const numbers = printed
      .toString("utf8", end + 1)
      .split(" ")
      .filter((word) => /^\d{1,5}$/.test(word));
    return { wish, received: numbers.map(Number) };
  }

  async #run(script: Script, args: readonly string[], options: Parameters<Pod["run"]>[1] = {}): Promise<Buffer> {
    const { exitCode, stdout, stderr } = await failing(() => this.#pod.run(scriptProgram(script, args), options));
    refuse(exitCode, stderr);
    return stdout;
  }

  async #feed(script: Script, args: readonly string[], body: Bytes): Promise<Buffer> {
    const { exitCode, stdout, stderr } = await failing(() =>
      withInput(this.#pod, scriptProgram(script, args), body, (process) => this.#end(process)),
    );
    refuse(exitCode, stderr);
    return stdout;
  }

  /** What a script prints after the line that names its process; who stops early ends that. */
  async *#reading(script: Script, args: readonly string[], length: number | null): Bytes {
    let head: string | null = "";
    let pid = "";
    let left = length ?? Number.POSITIVE_INFINITY;
    let isOver = false;
    try {
      for await (let chunk of outputOf(this.#pod, scriptProgram(script, args), refuse)) {
        if (head !== null) {
          const end = chunk.indexOf(0x0a);
          head += Buffer.from(chunk).toString("latin1", 0, end === -1 ? chunk.length : end);
          if (end === -1) continue;
          [pid, head] = [head, null];
          chunk = chunk.subarray(end + 1);
        }
        left -= chunk.byteLength;
        if (chunk.byteLength > 0) yield chunk;
      }
      isOver = true;
    } finally {
      if (!isOver) this.#end(pid);
    }
    if (length !== null && left > 0)
      throw new RuntimeFailure("file_changed", "The file was shortened while it was read");
  }

  /** What nobody waits for any more ends. */
  #end(process: string): void {
    if (/^\d+$/.test(process)) void this.#run("end", [process]).catch(() => undefined);
  }
}

async function* nothing(): Bytes {}

/** A script that refuses says why in one word. */
function refuse(exitCode: number, stderr: string): void {
  if (exitCode === 0) return;
  const code = fileFailures.find((each) => each === stderr.trim());
  if (exitCode === refusedExit && code !== undefined)
    throw new RuntimeFailure(code, `The environment refuses it (${code})`);
  throw new RuntimeFailure("unavailable", `The environment's programs failed: ${stderr.slice(0, 200)}`);
}

/** A condition in one word: a list of tags begins and ends with a comma. */
function written(condition: FileCondition): string {
  if (condition === null) return "any";
  return condition.kind === "one_of"
    ? `,${condition.etags.filter((etag) => /^[0-9-]+$/.test(etag)).join(",")},`
    : condition.kind;
}

/** Directories that are missing on the way are made when the file is placed. */
function ignoreMissing(condition: FileCondition): (error: unknown) => void {
  return (error) => {
    const isMissing = error instanceof RuntimeFailure && error.code === "path_not_found";
    if (!isMissing) throw error;
    if (condition !== null && condition.kind !== "absent")
      throw new RuntimeFailure("file_changed", "There is no such file");
  };
}

function writtenFile(printed: Buffer, path: string): WrittenFile {
  const end = printed.indexOf("\n");
  return {
    isNew: printed.toString("latin1", 0, Math.max(0, end)) === "1",
    file: readFacts(printed.subarray(end + 1), nameOf(path) || "."),
  };
}
