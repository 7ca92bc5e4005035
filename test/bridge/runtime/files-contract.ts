/**
 * What the files of every runtime must do. `sh` runs a command in the workspace as a program of the environment would:
 * what it sees is the truth.
 */
import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { pack as newTar } from "tar-stream";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Bytes, EnvironmentFiles } from "../../../bridge/runtime/files.ts";
import { RuntimeFailure } from "../../../bridge/runtime/runtime.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { patience } from "../../support/wait-until.ts";

export interface FilesGround {
  files: EnvironmentFiles;
  /** Runs a command of POSIX sh in the workspace, and gives what it prints. */
  sh(command: string): Promise<string>;
  /** A directory outside that programs can make, as the workspace's shell reaches it. */
  outside: string;
  dispose(): Promise<void>;
}

export const whatever = { condition: null };

export async function* bytes(...chunks: (string | Uint8Array)[]): Bytes {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

export async function textOf(body: Bytes): Promise<string> {
  return (await buffer(body)).toString();
}

/** The code of a failure that was expected. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error("nothing was refused"),
    (reason: unknown) => reason,
  );
  if (error instanceof RuntimeFailure) return error.code;
  throw error;
}

type TarHeader = Parameters<ReturnType<typeof newTar>["entry"]>[0];

/** A tar archive of these entries, as bytes. */
export async function tarOf(...entries: (TarHeader & { text?: string })[]): Promise<Buffer> {
  const tar = newTar();
  for (const { text = "", ...header } of entries) tar.entry(header, text);
  tar.finalize();
  return await buffer(tar as unknown as Bytes);
}

export function filesContract(name: string, makeGround: () => Promise<FilesGround>): void {
  describe(`files of the ${name} runtime keep the contract`, { timeout: 60_000 * patience }, () => {
    let ground: FilesGround;
    let files: EnvironmentFiles;
    let sh: FilesGround["sh"];

    beforeAll(async () => {
      ground = await makeGround();
      ({ files, sh } = ground);
    }, 60_000 * patience);
    afterAll(async () => await ground?.dispose());
    beforeEach(async () => {
      await sh("find . -mindepth 1 -maxdepth 1 ! -name .devpocket -exec chmod -R u+rwx {} + -exec rm -rf {} +");
    });

    const put = (path: string, text: string) =>
      files.write(path, bytes(text), { length: Buffer.byteLength(text), ...whatever });
    const get = async (path: string, from = 0, length?: number): Promise<string> => {
      const opened = await files.open(path);
      try {
        return await textOf(opened.read(from, length ?? opened.file.size - from));
      } finally {
        await opened.close();
      }
    };
    const names = async (path = "") =>
      (await files.list(path, { offset: 0, limit: 100 })).files.map((each) => each.name);
    /** Nothing is left of what was on its way. */
    const isTidy = () =>
      vi.waitUntil(async () => (await sh("ls -A .devpocket 2>/dev/null || true")) === "", 10_000 * patience);

    describe("reading and writing", () => {
      it("writes a file, makes the directories on the way, and reads it back", async () => {
        const { file, isNew } = await put("a/b/c d.txt", "hello\n");
        expect(isNew).toBe(true);
        expect(file).toMatchObject({ name: "c d.txt", kind: "file", size: 6, is_executable: false, target: null });
        expect(Math.abs(Date.parse(file.modified_at) - Date.now())).toBeLessThan(120_000);
        expect(await sh("cat 'a/b/c d.txt'")).toBe("hello\n");
        expect(await get("a/b/c d.txt")).toBe("hello\n");
        expect(await get("a/b/c d.txt", 1, 3)).toBe("ell");
        expect(await files.stat("a/b/c d.txt")).toEqual(file);
        await isTidy();
      });

      it("keeps every byte, whatever they are and however they come", async () => {
        const all = Buffer.from(Array.from({ length: 700_001 }, (_, index) => (index * 7 + (index >> 8)) % 256));
        const chunks = [all.subarray(0, 1), all.subarray(1, 300_000), all.subarray(300_000)];
        await files.write("blob", bytes(...chunks), { length: all.byteLength, ...whatever });
        const opened = await files.open("blob");
        const read = await buffer(opened.read(0, all.byteLength));
        await opened.close();
        expect(createHash("sha256").update(read).digest("hex")).toBe(createHash("sha256").update(all).digest("hex"));
        expect((await sh("wc -c < blob")).trim()).toBe("700001");
        const middle = await files.open("blob");
        expect((await buffer(middle.read(299_990, 20))).equals(all.subarray(299_990, 300_010))).toBe(true);
        await middle.close();
      });

      it.each([1, 262_143, 262_144, 262_145, 524_288])(
        "writes and reads %i bytes, and what is around a block",
        async (size) => {
          const all = Buffer.from(Array.from({ length: size }, (_, index) => (index * 7 + (index >> 8)) % 256));
          const cut = Math.min(size, 65_537);
          const sent = bytes(all.subarray(0, cut), all.subarray(cut));
          expect((await files.write("sized", sent, { length: size, ...whatever })).file.size).toBe(size);
          const opened = await files.open("sized");
          const read = async (from: number, length: number) => await buffer(opened.read(from, length));
          expect((await read(0, size)).equals(all)).toBe(true);
          for (const from of [262_143, 262_144].filter((each) => each < size)) {
            const length = Math.min(2, size - from);
            expect((await read(from, length)).equals(all.subarray(from, from + length))).toBe(true);
          }
          await opened.close();
        },
      );

      it("writes and reads an empty file", async () => {
        await put("empty", "");
        expect(await get("empty")).toBe("");
        expect((await files.stat("empty")).size).toBe(0);
      });

      it("replaces a file at once: a body that is cut or too long changes nothing and leaves nothing", async () => {
        await put("page", "old");
        expect(await codeOf(files.write("page", bytes("ne"), { length: 3, ...whatever }))).toBe("unavailable");
        expect(await codeOf(files.write("page", bytes("newer"), { length: 3, ...whatever }))).toBe("unavailable");
        const broken = async function* (): Bytes {
          yield Buffer.from("n");
          throw new Error("the phone went into a tunnel");
        };
        await expect(files.write("page", broken(), { length: 3, ...whatever })).rejects.toThrow();
        expect(await get("page")).toBe("old");
        await isTidy();
      });

      it("leaves the permissions of what it replaces", async () => {
        await sh("printf old > run && chmod 755 run");
        await put("run", "new");
        expect((await files.stat("run")).is_executable).toBe(true);
        expect(await sh("ls -l run")).toMatch(/^-rwxr-xr-x/);
      });

      it("tells another tag after every change, and writes over the version that was expected only", async () => {
        const { file: first } = await put("notes", "one");
        const { file: second } = await put("notes", "two");
        expect(second.etag).not.toBe(first.etag);
        const over = (etags: string[]) =>
          files.write("notes", bytes("new"), { length: 3, condition: { kind: "one_of", etags } });
        expect(await codeOf(over([first.etag]))).toBe("file_changed");
        expect(await get("notes")).toBe("two");
        expect((await over([first.etag, second.etag])).isNew).toBe(false);
        expect(await get("notes")).toBe("new");
      });

      it("writes only where nothing is, or only where something is, when told so", async () => {
        const absent = () => files.write("once", bytes("1"), { length: 1, condition: { kind: "absent" } });
        const present = () => files.write("once", bytes("2"), { length: 1, condition: { kind: "present" } });
        expect(await codeOf(present())).toBe("file_changed");
        expect((await absent()).isNew).toBe(true);
        expect(await codeOf(absent())).toBe("file_changed");
        await present();
        expect(await get("once")).toBe("2");
      });

      it("lets one of several that write where nothing is win", async () => {
        const tries = Array.from({ length: 5 }, (_, index) =>
          files.write("race", bytes(String(index)), { length: 1, condition: { kind: "absent" } }),
        );
        const outcomes = await Promise.allSettled(tries);
        expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      });

      it("lets one of several that write over the same version win", async () => {
        const { file } = await put("race", "first");
        const condition = { kind: "one_of" as const, etags: [file.etag] };
        const tries = Array.from({ length: 5 }, (_, index) =>
          codeOf(files.write("race", bytes(String(index)), { length: 1, condition })).catch(() => "written"),
        );
        expect((await Promise.all(tries)).sort()).toEqual([...Array(4).fill("file_changed"), "written"]);
      });

      it("names what is no file, and what is not there", async () => {
        await sh("mkdir dir && printf x > file && mkfifo pipe");
        expect(await codeOf(files.open("dir"))).toBe("not_a_file");
        expect(await codeOf(files.open("pipe"))).toBe("not_a_file");
        expect(await codeOf(files.open("missing"))).toBe("path_not_found");
        expect(await codeOf(files.stat("dir/missing/deeper"))).toBe("path_not_found");
        expect(await codeOf(files.open("file/below"))).toBe("not_a_directory");
        expect(await codeOf(put("dir", "x"))).toBe("not_a_file");
        expect(await codeOf(put("pipe", "x"))).toBe("not_a_file");
        expect(await codeOf(put("file/below", "x"))).toBe("not_a_directory");
        expect(await codeOf(files.list("file", { offset: 0, limit: 10 }))).toBe("not_a_directory");
      });

      it("treats every name as data", async () => {
        for (const name of [
          "-rf",
          "--help",
          "a'b\"c",
          "$(touch pwned)",
          "`id`",
          "new\nline",
          "*",
          "#{pid}",
          "ä€😀",
          "\\n",
        ]) {
          await put(`odd/${name}`, name);
          expect(await get(`odd/${name}`)).toBe(name);
        }
        expect(await names("odd")).toHaveLength(10);
        expect(await names()).toEqual(["odd"]);
        await files.move("odd/-rf", "odd/--", false);
        await files.remove("odd/--", false);
        await files.remove("odd", true);
        expect(await names()).toEqual([]);
      });
    });

    describe("directories", () => {
      it("lists directories first, then by name, page by page, and says what each thing is", async () => {
        await sh("mkdir z && printf 123 > b && printf '' > a && ln -s b link && mkfifo pipe && chmod +x b");
        const { files: all, total } = await files.list("", { offset: 0, limit: 100 });
        expect(total).toBe(5);
        expect(all.map(({ name, kind, size, target }) => [name, kind, size, target])).toEqual([
          ["z", "directory", 0, null],
          ["a", "file", 0, null],
          ["b", "file", 3, null],
          ["link", "link", 0, "b"],
          ["pipe", "other", 0, null],
        ]);
        expect(all[2]?.is_executable).toBe(true);
        const page = await files.list("", { offset: 1, limit: 2 });
        expect(page.files.map(({ name: each }) => each)).toEqual(["a", "b"]);
        expect(page.total).toBe(5);
        expect((await files.list("z", { offset: 0, limit: 10 })).total).toBe(0);
        expect((await files.list("", { offset: 9, limit: 10 })).files).toEqual([]);
      });

      it("lists what stays, whatever comes and goes meanwhile", async () => {
        await sh("mkdir busy && cd busy && for i in 1 2 3 4 5 6 7 8; do : >m$i; done; : >../go");
        const churning = sh("cd busy; while [ -e ../go ]; do for i in a b c d e f; do : >p$i; rm -f p$i; done; done");
        for (let turn = 0; turn < 12; turn += 1)
          expect((await files.list("busy", { offset: 0, limit: 100 })).total).toBeGreaterThanOrEqual(8);
        await sh("rm go");
        await churning;
        expect((await files.list("busy", { offset: 0, limit: 100 })).files).toHaveLength(8);
      });

      it("lists a name that is no text, to which no path leads", async () => {
        await sh("printf x > \"$(printf 'caf\\351')\"; printf y > 'fine'");
        const { files: all } = await files.list("", { offset: 0, limit: 10 });
        expect(all.map((each) => each.is_readable_name).sort()).toEqual([false, true]);
        expect(all.find((each) => !each.is_readable_name)?.name).toMatch(/^caf\uFFFD/);
        expect(await codeOf(files.open("caf\uFFFD"))).toBe("path_not_found");
      });

      it("makes a directory and those on the way, also when it is there", async () => {
        expect(await files.makeDirectory("x/y/z")).toMatchObject({
          isNew: true,
          file: { kind: "directory", name: "z" },
        });
        expect((await files.makeDirectory("x/y/z")).isNew).toBe(false);
        await put("x/file", "");
        expect(await codeOf(files.makeDirectory("x/file"))).toBe("path_exists");
        expect(await codeOf(files.makeDirectory("x/file/below"))).toBe("not_a_directory");
      });

      it("moves files and directories, over a file only when told so", async () => {
        await put("from", "1");
        await put("to", "2");
        await put("dir/inner", "3");
        expect(await codeOf(files.move("from", "to", false))).toBe("path_exists");
        expect(await files.move("from", "to", true)).toMatchObject({ isNew: false, file: { name: "to", size: 1 } });
        await files.move("dir", "new/place", false);
        expect(await get("new/place/inner")).toBe("3");
        expect(await codeOf(files.move("to", "new/place", true))).toBe("path_exists");
        expect(await codeOf(files.move("missing", "x", false))).toBe("path_not_found");
        expect(await codeOf(files.move("new", "new/place/deeper", false))).toBe("bad_path");
        expect(await codeOf(files.move("", "x", false))).toBe("path_forbidden");
        expect(await names()).toEqual(["new", "to"]);
      });

      it("removes a file, an empty directory, and a full one only when told so", async () => {
        await sh("mkdir -p full/deep/deeper empty && printf 1 > full/deep/x && printf 1 > file && chmod 500 full/deep");
        await files.remove("file", false);
        await files.remove("empty", false);
        expect(await codeOf(files.remove("full", false))).toBe("directory_not_empty");
        await files.remove("full", true);
        expect(await names()).toEqual([]);
        expect(await codeOf(files.remove("full", true))).toBe("path_not_found");
        expect(await codeOf(files.remove("", true))).toBe("path_forbidden");
        await isTidy();
      });
    });

    describe("archives", () => {
      const unpack = (path: string, tar: Buffer) => files.unpack(path, bytes(tar), tar.byteLength);

      it("packs a directory and unpacks it elsewhere as it was", async () => {
        await sh(
          "mkdir -p p/sub p/empty && printf 1 > p/one && printf 2 > p/sub/two && chmod 755 p/one && ln -s sub/two p/l",
        );
        const { name: packedName, body } = await files.pack("p");
        const tar = await buffer(body);
        expect(packedName).toBe("p");
        expect(await unpack("q/r", tar)).toBeGreaterThanOrEqual(5);
        expect(await sh("cd q/r && find . | sort && cat one sub/two l && ls -l one | cut -c1-10")).toBe(
          ".\n./empty\n./l\n./one\n./sub\n./sub/two\n122-rwxr-xr-x\n",
        );
      });

      it("packs a single file, and the workspace without what is ours", async () => {
        await put("one", "1");
        const single = await files.pack("one");
        expect(single.name).toBe("one");
        expect(await unpack("copy", await buffer(single.body))).toBe(1);
        expect(await get("copy/one")).toBe("1");
        const whole = await buffer((await files.pack("")).body);
        expect(whole.includes(".devpocket")).toBe(false);
        expect(await codeOf(files.pack("missing"))).toBe("path_not_found");
      });

      it("merges into directories that are there, over files, and never a file over a directory", async () => {
        await sh("mkdir -p t/sub && printf old > t/sub/a && printf stays > t/sub/b");
        await unpack("t", await tarOf({ name: "sub/a", text: "new" }, { name: "c", text: "c" }));
        expect(await sh("cat t/sub/a t/sub/b t/c")).toBe("newstaysc");
        expect(await codeOf(unpack("t", await tarOf({ name: "d", text: "d" }, { name: "sub", text: "file" })))).toBe(
          "path_exists",
        );
        expect(await names("t")).toEqual(["sub", "c"]);
        await isTidy();
      });

      it("unpacks nothing of what is no archive, or of one that is cut", async () => {
        expect(await codeOf(unpack("u", Buffer.alloc(0)))).toBe("bad_archive");
        expect(await codeOf(unpack("u", Buffer.alloc(2048, "no tar")))).toBe("bad_archive");
        const good = await tarOf({ name: "a", text: "x".repeat(5_000) }, { name: "b", text: "b" });
        expect(await codeOf(unpack("u", good.subarray(0, 3_000)))).toBe("bad_archive");
        expect(await codeOf(files.unpack("u", bytes(good.subarray(0, 3_000)), good.byteLength))).toBe("unavailable");
        expect(await names()).toEqual([]);
        await isTidy();
      });

      it("counts the entries of an archive before its disk is full of them", async () => {
        const many = Array.from({ length: limits.maxArchiveEntries + 1 }, (_, index) => ({ name: `f${index}` }));
        expect(await codeOf(unpack("many", await tarOf(...many)))).toBe("too_many_entries");
        expect(await names()).toEqual([]);
        await isTidy();
      });
    });

    describe("uploads in parts", () => {
      const partBytes = limits.partBlockBytes;
      const content = Buffer.from(Array.from({ length: 2 * partBytes + 5 }, (_, index) => (index * 13) % 251));
      let made = 0;
      const begin = (path: string, change: Partial<Parameters<EnvironmentFiles["beginUpload"]>[0]> = {}) => {
        made += 1;
        const id = `u${String(made).padStart(19, "0")}`;
        return files.beginUpload({ id, path, length: content.byteLength, partBytes, condition: null, ...change });
      };
      const putPart = (id: string, part: number) => {
        const piece = content.subarray(part * partBytes, (part + 1) * partBytes);
        return files.putPart(id, part, bytes(piece), piece.byteLength);
      };

      it("takes the parts in any order, twice too, and shows nothing of the file before it is finished", async () => {
        const { id } = await begin("up/big");
        await putPart(id, 2);
        await putPart(id, 0);
        await putPart(id, 0);
        expect(await files.findUpload(id)).toMatchObject({
          id,
          path: "up/big",
          part_bytes: partBytes,
          received: [0, 2],
        });
        expect(await codeOf(files.finishUpload(id))).toBe("upload_incomplete");
        expect(await names()).toEqual([]);
        await putPart(id, 1);
        expect(await files.finishUpload(id)).toMatchObject({ isNew: true, file: { size: content.byteLength } });
        const opened = await files.open("up/big");
        expect((await buffer(opened.read(0, content.byteLength))).equals(content)).toBe(true);
        await opened.close();
        expect(await codeOf(files.findUpload(id))).toBe("upload_not_found");
        await isTidy();
      });

      it("does not count a part that was cut, or one of another length", async () => {
        const { id } = await begin("cut");
        expect(await codeOf(files.putPart(id, 0, bytes("short"), partBytes))).toBe("unavailable");
        expect(await codeOf(files.putPart(id, 0, bytes("short"), 5))).toBe("bad_path");
        expect(await codeOf(files.putPart(id, 3, bytes("beyond"), 6))).toBe("bad_path");
        expect((await files.findUpload(id)).received).toEqual([]);
        await files.abandonUpload(id);
        expect(await codeOf(putPart(id, 0))).toBe("upload_not_found");
        await isTidy();
      });

      it("finishes an empty file, and holds what was expected of the file until then", async () => {
        const empty = await begin("nothing", { length: 0 });
        expect((await files.finishUpload(empty.id)).file.size).toBe(0);
        const { id } = await begin("taken", { length: 0, condition: { kind: "absent" } });
        await put("taken", "meanwhile");
        expect(await codeOf(files.finishUpload(id))).toBe("file_changed");
        expect(await get("taken")).toBe("meanwhile");
        expect(await codeOf(begin("taken", { condition: { kind: "absent" } }))).toBe("file_changed");
        await files.abandonUpload(id);
      });

      it("keeps a bounded number of them", async () => {
        const begun = await Promise.all(Array.from({ length: limits.maxUploads }, (_, index) => begin(`n${index}`)));
        expect(await codeOf(begin("one-more"))).toBe("too_many_uploads");
        for (const { id } of begun) await files.abandonUpload(id);
        await isTidy();
      });
    });
  });
}
