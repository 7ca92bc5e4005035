/** The parts of a relay that are true without a PTY: sequences, batches, pace, sizes. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Batcher } from "../../bridge/relay/batcher.ts";
import { Pacer } from "../../bridge/relay/pacer.ts";
import { Resizer } from "../../bridge/relay/resizer.ts";
import { SequenceFilter } from "../../bridge/relay/sequences.ts";
import { limits, timing } from "../../durable-objects/protocol/timing.ts";

const esc = "\u001b";
const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (parts: Uint8Array[]) => new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts));

function filtered(text: string, cuts: number[]): Uint8Array[] {
  const filter = new SequenceFilter();
  const bytes = bytesOf(text);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((end, index) => filter.push(bytes.subarray(places[index - 1] ?? 0, end)));
}

const questions = [
  `${esc}[c`,
  `${esc}[0c`,
  `${esc}[>c`,
  `${esc}[=0c`,
  `${esc}[6n`,
  `${esc}[?996n`,
  `${esc}[>q`,
  `${esc}[>0q`,
  `${esc}[?2026$p`,
  `${esc}[18t`,
  `${esc}[14t`,
  `${esc}[?u`,
  `${esc}]10;?\u0007`,
  `${esc}]11;?${esc}\\`,
  `${esc}]4;7;?\u0007`,
  `${esc}]52;c;?\u0007`,
  `${esc}P+q544e${esc}\\`,
  `${esc}P$qm${esc}\\`,
];
const harmless = [
  `${esc}[31m`,
  `${esc}[2 q`,
  `${esc}[?25l`,
  `${esc}[1;24r`,
  `${esc}[8;24;80t`,
  `${esc}]0;what?${esc}\\`,
  `${esc}(B`,
  `${esc}7`,
  `${esc}]8;;http://example.com/?\u0007`,
  "é",
  "€",
  "😀",
  "plain",
  "\r\n",
];

describe("sequence filter", () => {
  it.each(questions)("takes %j out, alone and between text", (question) => {
    expect(textOf([new SequenceFilter().push(bytesOf(`a${question}b`))])).toBe("ab");
  });

  it("passes everything else, and cuts nothing, whatever the chunks are", () => {
    const piece = fc.constantFrom(...harmless, ...questions);
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat(400)), (pieces, cuts) => {
        const parts = filtered(`${pieces.join("")}.`, cuts);
        for (const part of parts) textOf([part]);
        expect(textOf(parts)).toBe(`${pieces.filter((each) => !questions.includes(each)).join("")}.`);
      }),
    );
  });

  it("lets a very long string through in pieces, and holds little", () => {
    const long = `${esc}]1337;${"x".repeat(20_000)}\u0007`;
    expect(textOf(filtered(`${long}after`, [3, 100, 6_000, 9_000, 20_006]))).toBe(`${long}after`);
  });

  it("holds no bytes that are no UTF-8, and passes none on", () => {
    const filter = new SequenceFilter();
    expect([...filter.push(new Uint8Array([0x61, 0xff]))]).toEqual([0x61]);
    expect(textOf([filter.push(bytesOf("b"))])).toBe("b");
  });

  it("takes out what tmux left of a character when it dropped its backlog", () => {
    const [lead = 0, next = 0] = bytesOf("😀");
    const filter = new SequenceFilter();
    const parts = [new Uint8Array([0x61, lead, next]), bytesOf(`${esc}[Hé`), new Uint8Array([lead]), bytesOf("b")];
    expect(textOf(parts.map((part) => filter.push(part)))).toBe(`a${esc}[Héb`);
  });
});

describe("batcher", () => {
  let frames: Uint8Array[];
  let batcher: Batcher;
  beforeEach(() => {
    vi.useFakeTimers();
    vi.advanceTimersByTime(5_000);
    frames = [];
    batcher = new Batcher((bytes) => frames.push(bytes));
  });
  afterEach(() => vi.useRealTimers());

  it("sends the first byte after a quiet moment at once and the rest in a window", () => {
    batcher.push(bytesOf("a"));
    batcher.push(bytesOf("b"));
    batcher.push(bytesOf("c"));
    expect(frames.map((frame) => textOf([frame]))).toEqual(["a"]);
    vi.advanceTimersByTime(timing.batchWindowsMs[0]);
    expect(frames.map((frame) => textOf([frame]))).toEqual(["a", "bc"]);
  });

  it("sends the first output after an input at once, also under load", () => {
    batcher.push(bytesOf("a"));
    batcher.push(bytesOf("b"));
    batcher.noteInput();
    batcher.push(bytesOf("echo"));
    expect(textOf(frames)).toBe("abecho");
  });

  it("sends at most 60 frames a second under a flood of tiny writes", () => {
    for (let ms = 0; ms < 3_000; ms += 1) {
      batcher.push(bytesOf("x"));
      batcher.noteInput();
      vi.advanceTimersByTime(1);
    }
    batcher.flush();
    expect(frames.length).toBeLessThanOrEqual(3 * 60 + 3 * 31);
    expect(textOf(frames)).toBe("x".repeat(3_000));
  });

  it("loses and reorders nothing, and ends every frame on a character", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "€", "😀"), maxLength: 30_000, minLength: 0 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), (texts) => {
        frames.length = 0;
        for (const each of texts) batcher.push(bytesOf(each));
        batcher.flush();
        for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(limits.maxOutputFrameBytes);
        expect(frames.map((frame) => textOf([frame])).join("")).toBe(texts.join(""));
      }),
      { numRuns: 20 },
    );
  });

  it("sends nothing while held, then up to a place, then the rest", () => {
    batcher.hold();
    batcher.push(bytesOf("before"));
    batcher.push(bytesOf("after"));
    vi.advanceTimersByTime(1_000);
    expect(frames).toEqual([]);
    batcher.flush(6);
    expect(textOf(frames)).toBe("before");
    batcher.release();
    vi.advanceTimersByTime(100);
    expect(textOf(frames)).toBe("beforeafter");
  });
});

describe("pacer", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  it("lets a burst through, then the paced rate", () => {
    const pacer = new Pacer();
    expect(pacer.take(limits.pacedBurstBytes)).toBe(0);
    expect(pacer.take(limits.pacedBytesPerSecond)).toBe(1_000);
    vi.advanceTimersByTime(2_000);
    expect(pacer.take(limits.pacedBytesPerSecond)).toBe(0);
  });

  it("hurries for an interrupt, once a second", () => {
    const pacer = new Pacer();
    vi.advanceTimersByTime(5_000);
    pacer.take(limits.pacedBurstBytes * 2);
    expect(pacer.hurry()).toBe(true);
    expect(pacer.take(1_000)).toBe(0);
    pacer.take(limits.pacedBurstBytes);
    expect(pacer.hurry()).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(pacer.hurry()).toBe(true);
  });
});

describe("resizer", () => {
  const sizes: string[] = [];
  const resizer = () => new Resizer((size) => sizes.push(size === null ? "none" : `${size.cols}x${size.rows}`));
  beforeEach(() => {
    sizes.length = 0;
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  it("applies a newcomer's first size at once and then only the last of a burst", () => {
    const it = resizer();
    it.ask({ cols: 1, rows: 1 }, true);
    expect(sizes).toEqual(["1x1"]);
    for (let cols = 2; cols < 9; cols += 1) it.ask({ cols, rows: 1 }, true);
    vi.advanceTimersByTime(timing.resizeDebounceMs);
    expect(sizes).toEqual(["1x1", "8x1"]);
  });

  it("resizes at most once a second where several watch", () => {
    const it = resizer();
    it.ask({ cols: 1, rows: 1 }, false);
    it.ask({ cols: 2, rows: 1 }, false);
    vi.advanceTimersByTime(timing.minResizeGapMs - 1);
    expect(sizes).toEqual(["1x1"]);
    vi.advanceTimersByTime(1);
    expect(sizes).toEqual(["1x1", "2x1"]);
  });
});
