/** The ring is the end of the stream, whatever was pushed in which pieces. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ring } from "../../../bridge/relay/ring.ts";

const capacity = 10_000;
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 3_000, size: "max" }),
  fc.uint8Array({ maxLength: 25_000, size: "max" }),
);

describe("ring", () => {
  it("gives exactly the bytes between two offsets, or nothing where some are gone", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(100_000), fc.nat(), fc.nat(), (pieces, begin, a, b) => {
        const ring = new Ring(capacity, begin);
        for (const each of pieces) ring.push(each);
        const all = Buffer.concat(pieces);
        expect(ring.end).toBe(begin + all.length);
        const [from = 0, until = 0] = [a % (all.length + 1), b % (all.length + 1)].sort((x, y) => x - y);
        const slice = ring.slice(begin + from, begin + until);
        if (all.length - from <= capacity) expect(slice).toEqual(Uint8Array.from(all.subarray(from, until)));
        else expect(slice).toBeNull();
      }),
    );
  });

  it("knows nothing of the time before it or after it", () => {
    const ring = new Ring(capacity, 5);
    ring.push(new Uint8Array([1, 2, 3]));
    expect(ring.slice(4)).toBeNull();
    expect(ring.slice(9)).toBeNull();
    expect(ring.slice(7, 9)).toBeNull();
    expect(ring.slice(8)).toEqual(new Uint8Array(0));
  });

  it("forgets and goes on at the same offset", () => {
    const ring = new Ring(capacity);
    ring.push(new Uint8Array(9_000));
    ring.clear();
    expect(ring.slice(8_999)).toBeNull();
    ring.push(new Uint8Array([7, 8]));
    expect([...(ring.slice(9_000) ?? [])]).toEqual([7, 8]);
  });
});
