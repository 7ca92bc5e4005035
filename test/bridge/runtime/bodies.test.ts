/** Bodies between the wire and files: whatever pieces they come in, the same bytes, in blocks worth a step each. */
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inBlocks } from "../../../bridge/runtime/bodies.ts";
import { writeBody } from "../../../bridge/runtime/local/workspace/bodies.ts";

async function* inPieces(sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let next = 0;
  for (const size of sizes) yield Uint8Array.from({ length: size }, () => next++ % 251);
}
const whole = (length: number) => Buffer.from(Uint8Array.from({ length }, (_, at) => at % 251));
const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);

describe("a body in blocks", () => {
  it("is the same bytes, every block but the last full", async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 50 }), async (pieces, blockBytes) => {
        const blocks: Uint8Array[] = [];
        for await (const block of inBlocks(inPieces(pieces), blockBytes)) blocks.push(block);
        expect(Buffer.concat(blocks)).toEqual(whole(sum(pieces)));
        expect(blocks.slice(0, -1).every((block) => block.byteLength === blockBytes)).toBe(true);
        expect(blocks.every((block) => block.byteLength > 0 && block.byteLength <= blockBytes)).toBe(true);
      }),
    );
  });

  it("holds no more than a block: the next piece is asked for when that was taken", async () => {
    let given = 0;
    const endless = (async function* () {
      for (;;) {
        given += 1;
        yield new Uint8Array(10);
      }
    })();
    const blocks = inBlocks(endless, 35)[Symbol.asyncIterator]();
    await blocks.next();
    expect(given).toBe(4);
    await blocks.return?.();
  });
});

describe("a body that is written", () => {
  const written = async (sizes: readonly number[], length: number) => {
    const directory = await mkdtemp(join(tmpdir(), "dp-"));
    const path = join(directory, "file");
    const file = await open(path, "w");
    try {
      await writeBody(file, inPieces(sizes), length, 3);
      return (await readFile(path)).subarray(3);
    } finally {
      await file.close();
      await rm(directory, { recursive: true });
    }
  };

  it("arrives where it belongs, over several blocks", async () => {
    const sizes = [5_000, 300_000, 1, 262_144, 70_000];
    expect((await written(sizes, sum(sizes))).equals(whole(sum(sizes)))).toBe(true);
  });

  it.each([
    ["goes on", 999],
    ["is cut", 1_001],
  ])("is refused when it %s", async (_, length) => {
    await expect(written([600, 400], length)).rejects.toMatchObject({ code: "unavailable" });
  });
});
