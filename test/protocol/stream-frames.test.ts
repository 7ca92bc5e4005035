import { describe, expect, it } from "vitest";
import {
  decodeStreamFrame,
  encodeStreamFrame,
  type StreamFrame,
} from "../../durable-objects/protocol/stream-frames.ts";

const bytes = new TextEncoder().encode("é€😀");

describe("stream frames", () => {
  it.each<StreamFrame>([
    { kind: "output", gen: 3, seq: 2 ** 40, bytes },
    { kind: "snapshot", gen: 0, seq: 0, cols: 1000, rows: 1, bytes },
  ])("reads back what it wrote: $kind", (frame) => {
    expect(decodeStreamFrame(encodeStreamFrame(frame).buffer)).toEqual(frame);
  });

  it("refuses short headers and unknown tags", () => {
    expect(decodeStreamFrame(new ArrayBuffer(12))).toBeNull();
    expect(decodeStreamFrame(new Uint8Array(20).fill(9).buffer)).toBeNull();
    expect(decodeStreamFrame(new Uint8Array([2, ...new Array(14).fill(0)]).buffer)).toBeNull();
  });
});
