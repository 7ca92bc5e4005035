/** What an outsider tries with paths, links and archives (security checks 17 and 18), for every runtime. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { EnvironmentFiles } from "../../../bridge/runtime/files.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { patience } from "../../support/wait-until.ts";
import { bytes, codeOf, type FilesGround, tarOf, textOf, whatever } from "./files-contract.ts";

export function filesConfinement(name: string, makeGround: () => Promise<FilesGround>): void {
  describe(`17: files of the ${name} runtime stay in the workspace`, { timeout: 60_000 * patience }, () => {
    let ground: FilesGround;
    let files: EnvironmentFiles;
    let sh: FilesGround["sh"];
    /** A directory outside, as an absolute path; what is in it must stay as it is. */
    let outside: string;
    /** The same from the workspace. */
    let there: string;

    beforeAll(async () => {
      ground = await makeGround();
      ({ files, sh, outside: there } = ground);
    }, 60_000 * patience);
    afterAll(async () => await ground?.dispose());
    beforeEach(async () => {
      await sh(`rm -rf ${there} ./* .devpocket && mkdir ${there} && printf secret > ${there}/secret`);
      outside = (await sh(`cd ${there} && pwd -P`)).trim();
    });

    const put = (path: string, text: string) => files.write(path, bytes(text), { length: text.length, ...whatever });
    const unpack = (path: string, tar: Buffer) => files.unpack(path, bytes(tar), tar.byteLength);
    const expectUntouched = async () => expect(await sh(`cd ${there} && cat secret && ls -A`)).toBe("secretsecret\n");

    it("follows links within the workspace, absolute ones too, and through directories", async () => {
      await sh(
        `mkdir -p real/deep && printf hi > real/deep/file && ln -s real/deep d && ln -s ../real/deep/file real/l`,
      );
      await sh(`ln -s "$(pwd)/real" abs && ln -s /workspace/real/deep/file seen && ln -s d/../deep/file up`);
      for (const path of ["d/file", "real/l", "abs/deep/file", "seen"]) {
        const opened = await files.open(path);
        expect(await textOf(opened.read(0, 2)), path).toBe("hi");
        await opened.close();
      }
      await put("real/l", "by link");
      expect(await sh("cat real/deep/file; test -L real/l && echo link")).toBe("by linklink\n");
      expect((await files.list("d", { offset: 0, limit: 10 })).total).toBe(1);
    });

    it("reads, lists, packs nothing through a link that leads out", async () => {
      await sh(`ln -s ${outside}/secret f && ln -s ${outside} d && ln -s ${there} r && ln -s r/secret twice`);
      await sh(`mkdir sub && ln -s ../${there} sub/r && ln -s /proc/self/root p && ln -s /dev/zero zero`);
      for (const path of ["f", "d/secret", "r/secret", "twice", "sub/r/secret", "p/etc/passwd", "zero"]) {
        expect(await codeOf(files.open(path)), path).toBe("outside_workspace");
        expect(await codeOf(files.stat(path)), path).toBe("outside_workspace");
        expect(await codeOf(files.pack(path)), path).toBe("outside_workspace");
      }
      for (const path of ["d", "r", "sub/r", "p"]) {
        expect(await codeOf(files.list(path, { offset: 0, limit: 10 })), path).toBe("outside_workspace");
      }
      const { body } = await files.pack("");
      expect(await textOf(body)).not.toContain("secret\0\0\0secret");
    });

    it("writes, makes, moves and unpacks nothing through a link that leads out", async () => {
      await sh(`ln -s ${outside}/secret f && ln -s ${outside} d && ln -s ${outside}/new dangling && printf x > mine`);
      const tar = await tarOf({ name: "planted", text: "x" });
      for (const path of ["f", "d/secret", "d/new", "dangling"]) {
        expect(await codeOf(put(path, "planted")), path).toBe("outside_workspace");
      }
      expect(await codeOf(files.makeDirectory("d/new"))).toBe("outside_workspace");
      expect(await codeOf(files.move("mine", "d/new", true))).toBe("outside_workspace");
      expect(await codeOf(files.move("d/secret", "mine", true))).toBe("outside_workspace");
      expect(await codeOf(files.remove("d/secret", true))).toBe("outside_workspace");
      expect(await codeOf(unpack("d", tar))).toBe("outside_workspace");
      const wish = { id: "a".repeat(20), path: "d/new", length: 0, partBytes: 65_536, condition: null };
      expect(await codeOf(files.beginUpload(wish))).toBe("outside_workspace");
      await expectUntouched();
    });

    it("removes and moves a link itself, not what it leads to", async () => {
      await sh(`ln -s ${outside} d && ln -s ${outside} e`);
      await files.remove("d", true);
      await files.move("e", "f", false);
      expect((await files.list("", { offset: 0, limit: 10 })).files.map((each) => each.name)).toEqual(["f"]);
      await expectUntouched();
    });

    it("does not write through a hard link", async () => {
      // Where that is another file system there is none.
      await sh(`ln ${there}/secret hard 2>/dev/null || printf secret > hard`);
      await put("hard", "planted");
      await expectUntouched();
    });

    it("goes round no loop, and gives up on too long a chain", async () => {
      await sh("ln -s b a && ln -s a b && ln -s self/x self");
      for (const path of ["a", "b/c", "self"]) expect(await codeOf(files.open(path)), path).toBe("bad_path");
    });

    it("is not led out by what stands where unfinished files are kept", async () => {
      await sh(`ln -s ${outside} .devpocket`);
      expect(await codeOf(put("file", "x"))).toBe("path_forbidden");
      await sh("rm .devpocket && printf x > .devpocket");
      expect(await codeOf(put("file", "x"))).toBe("path_forbidden");
      await sh("rm .devpocket && mkdir .devpocket && printf x > .devpocket/x && ln -s .devpocket/x in");
      expect(await codeOf(files.open("in"))).toBe("path_forbidden");
      await expectUntouched();
    });

    it("is not led out by a workspace that changes while it is walked", async () => {
      await sh("mkdir flip && printf mine > flip/secret");
      const read = async (path: string) => {
        const opened = await files.open(path);
        return await textOf(opened.read(0, 4)).finally(() => opened.close());
      };
      const swap = `while [ -e go ]; do mv flip kept; ln -s ${outside} flip; rm flip; mv kept flip; done`;
      await sh("touch go");
      const swapping = sh(swap);
      swapping.catch(() => undefined);
      for (let tried = 0; tried < 25; tried += 1) {
        const outcome = await read("flip/secret").catch(() => "refused");
        expect(["mine", "refused"]).toContain(outcome);
        await put("flip/new", "x").catch(() => undefined);
      }
      await sh("rm go");
      await swapping;
      await expectUntouched();
    });

    describe("archives", () => {
      const hostile: Record<string, Parameters<typeof tarOf>> = {
        "a path upwards": [{ name: "../outside/planted", text: "x" }],
        "a path upwards in the middle": [{ name: "a/../../outside/planted", text: "x" }],
        "an absolute path": [{ name: "/tmp/planted", text: "x" }],
        "a link out": [{ name: "l", type: "symlink", linkname: "../../outside" }],
        "an absolute link": [{ name: "l", type: "symlink", linkname: "/etc" }],
        "a link out, from a directory": [{ name: "a/b/l", type: "symlink", linkname: "../../../outside" }],
        "a hard link": [{ name: "h", type: "link", linkname: "../outside/secret" }],
        "a hard link within": [
          { name: "f", text: "x" },
          { name: "h", type: "link", linkname: "f" },
        ],
        "a device": [{ name: "zero", type: "character-device", devmajor: 1, devminor: 5 }],
        "a pipe": [{ name: "p", type: "fifo" }],
        "a file below a file": [
          { name: "f", text: "x" },
          { name: "f/below", text: "x" },
        ],
        "what is ours": [{ name: ".devpocket/u-x/data", text: "x" }],
        "too long a name": [{ name: "n".repeat(300), text: "x" }],
        "too long a target": [{ name: "l", type: "symlink", linkname: "d/".repeat(2_100) }],
        "a path whose every step costs time": [{ name: `${"d/".repeat(limits.maxArchiveDepth)}f`, text: "x" }],
      };

      it.each(Object.entries(hostile))("unpacks nothing of an archive with %s", async (_, entries) => {
        const tar = await tarOf({ name: "good", text: "good" }, ...entries);
        expect(await codeOf(unpack("", tar))).toBe("unsafe_archive");
        expect((await files.list("", { offset: 0, limit: 10 })).total).toBe(0);
        await vi.waitUntil(async () => (await sh("ls -A .devpocket")) === "", 10_000 * patience);
        await expectUntouched();
      });

      it("keeps what comes through a link of the archive's own within it", async () => {
        const link = { name: "l", type: "symlink", linkname: "d" } as const;
        await unpack("t", await tarOf({ name: "d", type: "directory" }, link, { name: "l/inner", text: "x" }));
        expect(await sh("cd t && find . | sort && cat d/inner")).toBe(".\n./d\n./d/inner\n./l\nx");
      });

      it("unpacks nothing through a link that is there", async () => {
        await sh(`ln -s ${outside} l && mkdir t && ln -s ${outside} t/l`);
        expect(await codeOf(unpack("", await tarOf({ name: "l/planted", text: "x" })))).toBe("path_exists");
        expect(await codeOf(unpack("", await tarOf({ name: "t/l/secret", text: "x" })))).toBe("path_exists");
        await expectUntouched();
      });

      it("unpacks no set-user-id, and no name that is not UTF-8", async () => {
        await unpack("", await tarOf({ name: "suid", text: "x", mode: 0o6755 }));
        expect(await sh("ls -l suid | cut -c1-10")).toBe("-rwxr-xr-x\n");
        const raw = await tarOf({ name: "cafe", text: "x" });
        raw[3] = 0xe9;
        const sum =
          raw.subarray(0, 148).reduce((a, b) => a + b, 256) + raw.subarray(156, 512).reduce((a, b) => a + b, 0);
        raw.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
        expect(await codeOf(unpack("", raw))).toBe("unsafe_archive");
      });
    });
  });
}
