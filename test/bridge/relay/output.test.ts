/** The stream on its way out: within its credit, without a gap, and the ring knows what frames have carried. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Output } from "../../../bridge/relay/output.ts";
import { Receipts } from "../../../bridge/relay/receipts.ts";
import { Throttle } from "../../../bridge/relay/throttle.ts";
import type { Receipt } from "../../../durable-objects/protocol/data-socket.ts";
import type { OutputFrame } from "../../../durable-objects/protocol/stream-frames.ts";
import { limits, timing } from "../../../durable-objects/protocol/timing.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (parts: readonly Uint8Array[]) => new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts));

beforeEach(() => {
  vi.useFakeTimers();
  vi.advanceTimersByTime(5_000);
});
afterEach(() => vi.useRealTimers());

describe("output", () => {
  let frames: OutputFrame[];
  let output: Output;
  beforeEach(() => {
    frames = [];
    output = new Output((frame) => frames.push(frame));
    output.include();
  });
  const sent = () => textOf(frames.map((frame) => frame.bytes));

  it("sends no byte beyond the credit, ends on characters, and loses nothing when it grows", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "€", "😀"), maxLength: 20_000 });
    fc.assert(
      fc.property(fc.array(fc.record({ text, credit: fc.nat(30_000) }), { maxLength: 6 }), (steps) => {
        frames.length = 0;
        output = new Output((frame) => frames.push(frame));
        output.include();
        let until = 0;
        for (const step of steps) {
          until += step.credit;
          output.setCredit(until);
          output.push(bytesOf(step.text));
          vi.advanceTimersByTime(100);
          expect(output.seq).toBeLessThanOrEqual(until);
          for (const frame of frames) textOf([frame.bytes]);
        }
        output.setCredit(null);
        expect(sent()).toBe(steps.map((step) => step.text).join(""));
      }),
      { numRuns: 30 },
    );
  });

  it("gives what frames have carried since an offset of this generation", () => {
    output.push(bytesOf("before"));
    output.push(bytesOf("waits"));
    expect(output.seq).toBe(6);
    expect(textOf([output.since(0, 2, 100) ?? new Uint8Array(0)])).toBe("fore");
    expect(output.since(0, 6, 100)).toHaveLength(0);
    expect(output.since(0, 2, 3)).toBeNull();
    expect(output.since(1, 2, 100)).toBeNull();
    expect(output.since(0, 7, 100)).toBeNull();
    output.beginGeneration();
    expect(output.since(0, 11, 100)).toBeNull();
    expect(output.since(1, 10, 100)).toBeNull();
    expect(output.since(1, 11, 100)).toHaveLength(0);
  });

  it("resumes no offset inside a character", () => {
    output.push(bytesOf("é€"));
    expect(output.since(0, 1, 100)).toBeNull();
    expect(output.since(0, 2, 100)).toHaveLength(3);
  });

  it("counts what is left out, and goes on behind it", () => {
    output.setCredit(3);
    output.push(bytesOf("seen"));
    output.leaveOut();
    output.push(bytesOf("unseen"));
    output.include();
    output.showPlace();
    output.setCredit(null);
    output.push(bytesOf("after"));
    vi.advanceTimersByTime(100);
    expect(frames.map(({ seq, bytes }) => [seq, textOf([bytes])])).toEqual([
      [0, "see"],
      [10, ""],
      [10, "after"],
    ]);
  });

  it("keeps what came while nobody was there for who comes back", () => {
    output.push(bytesOf("seen"));
    output.leaveOut();
    output.push(bytesOf(" missed"));
    output.include();
    expect(textOf([output.since(0, 4, 100) ?? new Uint8Array(0)])).toBe(" missed");
  });

  it("forgets at a new epoch, and counts on", () => {
    output.push(bytesOf("seen"));
    output.beginEpoch();
    expect(output.seq).toBe(4);
    expect(output.since(0, 2, 100)).toBeNull();
  });
});

describe("throttle", () => {
  let isReading: boolean;
  let throttle: Throttle;
  beforeEach(() => {
    isReading = true;
    const stream = {
      pause: () => {
        isReading = false;
      },
      resume: () => {
        isReading = true;
      },
    };
    throttle = new Throttle(stream, 0);
  });
  const read = (bytes: number) => throttle.took(bytes, bytes);

  it("reads as far as there is credit, at any speed, and paces without", () => {
    throttle.setCredit(1_000_000);
    for (let seq = 0; seq < 990_000; seq += 3_000) {
      expect(isReading).toBe(true);
      read(3_000);
    }
    read(8_000);
    expect(isReading).toBe(false);
    throttle.setCredit(1_010_000);
    expect(isReading).toBe(true);
    throttle.setCredit(null);
    read(limits.pacedBurstBytes + limits.pacedBytesPerSecond);
    expect(isReading).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(isReading).toBe(true);
  });

  it("ceases to pace when somebody acknowledges", () => {
    read(limits.pacedBurstBytes + limits.pacedBytesPerSecond);
    expect(isReading).toBe(false);
    throttle.setCredit(1_000_000);
    expect(isReading).toBe(true);
  });

  it("reads on for the answer to an interrupt when there is no credit, once a second", () => {
    throttle.setCredit(10_000);
    expect(throttle.interrupt()).toBe(false);
    read(10_000);
    expect(isReading).toBe(false);
    expect(throttle.interrupt()).toBe(true);
    expect(isReading).toBe(true);
    read(5_000);
    throttle.answered();
    expect(isReading).toBe(false);
    expect(throttle.interrupt()).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(throttle.interrupt()).toBe(true);
  });

  it("reads nothing while the socket is full, whatever the credit", () => {
    throttle.setFull(true);
    throttle.setCredit(1_000_000);
    expect(isReading).toBe(false);
    throttle.setFull(false);
    expect(isReading).toBe(true);
  });
});

describe("receipts", () => {
  let alone: Receipt[][];
  let receipts: Receipts;
  beforeEach(() => {
    alone = [];
    receipts = new Receipts((each) => alone.push(each));
  });

  it("ride along, the highest of each author, and then do not go alone", () => {
    receipts.add("a", 1);
    receipts.add("b", 4);
    receipts.add("a", 2);
    expect(receipts.take()).toEqual([
      { from: "a", i: 2 },
      { from: "b", i: 4 },
    ]);
    vi.advanceTimersByTime(timing.receiptAloneMs);
    expect(alone).toEqual([]);
  });

  it("go alone when nothing comes to ride on", () => {
    receipts.add("a", 1);
    vi.advanceTimersByTime(timing.receiptAloneMs);
    expect(alone).toEqual([[{ from: "a", i: 1 }]]);
    expect(receipts.take()).toEqual([]);
  });

  it("of many authors all go, in lists that fit", () => {
    for (let author = 0; author < 150; author += 1) receipts.add(`author ${author}`, 1);
    vi.advanceTimersByTime(timing.receiptAloneMs);
    expect(alone.flat()).toHaveLength(150);
    for (const list of alone) expect(list.length).toBeLessThanOrEqual(limits.maxReceipts);
  });

  it("are forgotten when nobody is there", () => {
    receipts.add("a", 1);
    receipts.clear();
    vi.advanceTimersByTime(timing.receiptAloneMs);
    expect(alone).toEqual([]);
  });
});
