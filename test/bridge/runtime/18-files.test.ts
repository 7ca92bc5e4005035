/** 18: size and quota of what is uploaded to a local environment, in parallel too; nothing half-made is left. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Bytes } from "../../../bridge/runtime/files.ts";
import { bytes, codeOf, tarOf, whatever } from "./files-contract.ts";
import { makeLocalFiles } from "./local-files-ground.ts";

const mebibyte = 2 ** 20;

describe("18: a local environment's storage", { timeout: 60_000 }, () => {
  let dispose = async () => {};
  afterEach(async () => await dispose());

  const ground = async () => {
    const made = await makeLocalFiles(8 * mebibyte);
    dispose = made.dispose;
    return made;
  };

  it("refuses what does not fit before a byte of it is read", async () => {
    const { files, sh } = await ground();
    let isRead = false;
    const body = async function* (): Bytes {
      isRead = true;
      yield* bytes("x");
    };
    const length = 9 * mebibyte;
    expect(await codeOf(files.write("big", body(), { length, ...whatever }))).toBe("no_space");
    expect(await codeOf(files.unpack("", body(), length))).toBe("no_space");
    const wish = { id: "b".repeat(20), path: "big", length, partBytes: mebibyte, condition: null };
    expect(await codeOf(files.beginUpload(wish))).toBe("no_space");
    expect(isRead).toBe(false);
    expect(await sh("find . -type f")).toBe("");
  });

  it("counts what is under way: many at a time do not exceed it together", async () => {
    const { files, sh } = await ground();
    const chunk = Buffer.alloc(mebibyte, "x");
    const writes = Array.from({ length: 12 }, (_, index) =>
      files.write(`f${index}`, bytes(chunk), { length: chunk.byteLength, ...whatever }),
    );
    const outcomes = await Promise.allSettled(writes);
    const refused = outcomes.filter(({ status }) => status === "rejected");
    expect(refused.length).toBeGreaterThanOrEqual(4);
    for (const outcome of refused) expect(outcome).toMatchObject({ reason: { code: "no_space" } });
    expect(Number((await sh("du -sk . | cut -f1")).trim())).toBeLessThanOrEqual(8 * 1024);
    await vi.waitUntil(async () => (await sh("ls -A .devpocket")) === "", 10_000);
  });

  it("takes no more of an archive than it said it is, whatever its entries say", async () => {
    const { files, sh } = await ground();
    const tar = await tarOf({ name: "f", text: "x".repeat(4096) });
    const lying = Buffer.from(tar);
    // A size of eight gibibytes in the header, with a checksum that fits.
    lying.write("77777777777\0", 124, "latin1");
    const sum =
      lying.subarray(0, 148).reduce((a, b) => a + b, 256) + lying.subarray(156, 512).reduce((a, b) => a + b, 0);
    lying.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    expect(await codeOf(files.unpack("", bytes(lying), lying.byteLength))).toBe("bad_archive");
    expect(await sh("find . -type f")).toBe("");
  });
});
