import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../durable-objects/protocol/timing.ts";
import {
  acknowledge,
  beginAt,
  isHalfOpen,
  losePlace,
  newWindow,
  openBytes,
  reach,
  roomLeft,
  settledBy,
  spendOutput,
  spendSnapshot,
  windowBytes,
} from "../../durable-objects/terminal/window.ts";

function begun(seq = 1_000) {
  const window = newWindow("new");
  beginAt(window, seq);
  return window;
}

describe("a window", () => {
  it("holds 64 KiB, and takes more once half of it is acknowledged", () => {
    const window = begun();
    expect(spendOutput(window, 1_000 + limits.windowBytes, 0)).toBe(true);
    expect([spendOutput(window, 1_001 + limits.windowBytes, 0), isHalfOpen(window)]).toEqual([false, false]);
    expect(acknowledge(window, 1_000 + limits.windowBytes / 2, 5)).toBe(true);
    expect([isHalfOpen(window), roomLeft(window)]).toEqual([true, limits.windowBytes / 2]);
  });

  it.each([
    [100_000, limits.slowWindowBytes],
    [300_000, limits.windowBytes],
  ])("on a way of %i bytes a second is %i bytes", (bytesPerSecond, expected) => {
    const window = begun(0);
    spendOutput(window, limits.windowBytes, 0);
    for (let seq = limits.ackEveryBytes; seq <= 40 * limits.ackEveryBytes; seq += limits.ackEveryBytes) {
      acknowledge(window, seq, (seq / bytesPerSecond) * 1000);
      spendOutput(window, seq + windowBytes(window), 0);
    }
    expect(windowBytes(window)).toBe(expected);
  });

  it("does not call a way slow on which little is printed", () => {
    const window = begun(0);
    for (let second = 0; second < 20; second += 1) {
      spendOutput(window, (second + 1) * 5_000, second * 1_000);
      acknowledge(window, (second + 1) * 5_000, second * 1_000 + 250);
    }
    expect(windowBytes(window)).toBe(limits.windowBytes);
  });

  it("counts what went ahead of a snapshot until it is acknowledged", () => {
    const window = begun(0);
    spendOutput(window, 40_000, 0);
    spendSnapshot(window, 900_000, 1_000, 0);
    expect(openBytes(window)).toBe(41_000);
    acknowledge(window, 16_384, 1);
    expect(openBytes(window)).toBe(41_000 - 16_384);
    acknowledge(window, 40_000, 2);
    expect(openBytes(window)).toBe(1_000);
    acknowledge(window, 900_000, 3);
    expect([openBytes(window), reach(window)]).toEqual([0, 900_000 + limits.windowBytes]);
  });

  it("has no room for a second large snapshot before the first was acknowledged", () => {
    const window = begun(0);
    spendSnapshot(window, 0, limits.maxSnapshotBytes, 0);
    expect([isHalfOpen(window), roomLeft(window)]).toEqual([false, limits.windowBytes / 2 - 1]);
    acknowledge(window, 0, 1);
    expect(isHalfOpen(window)).toBe(true);
  });

  it("is opened by acknowledgements of the epoch before, and not by ones of the future", () => {
    const window = begun(500_000);
    spendOutput(window, 550_000, 0);
    losePlace(window);
    expect([openBytes(window), reach(window)]).toEqual([50_000, null]);
    spendSnapshot(window, 10, 1_000, 0);
    expect(acknowledge(window, 550_000, 1)).toBe(true);
    expect(openBytes(window)).toBe(1_000);
    expect(acknowledge(window, 550_001, 1)).toBe(false);
    expect(openBytes(window)).toBe(1_000);
  });

  it("is opened by acknowledgements of output before a snapshot and a tmux client that are gone", () => {
    const window = begun(0);
    spendOutput(window, 40_000, 0);
    spendSnapshot(window, 60_000, 1_000, 0);
    losePlace(window);
    acknowledge(window, 16_384, 1);
    acknowledge(window, 40_000, 2);
    expect(openBytes(window)).toBe(1_000);
    acknowledge(window, 60_000, 3);
    expect(openBytes(window)).toBe(0);
  });

  it("knows after waking only what an acknowledgement tells, and believes the stream more", () => {
    const window = newWindow("woken");
    expect(reach(window)).toBeNull();
    expect(acknowledge(window, 7_000, 0)).toBe(true);
    expect(reach(window)).toBe(7_000 + limits.windowBytes);
    acknowledge(window, Number.MAX_SAFE_INTEGER, 0);
    expect(reach(window)).toBe(Number.MAX_SAFE_INTEGER);
    beginAt(window, 9_000);
    expect(reach(window)).toBe(9_000 + limits.windowBytes);
  });

  it("refuses to be acknowledged before it has a place", () => {
    expect(acknowledge(newWindow("new"), 0, 0)).toBe(false);
  });

  it("never holds more output than it may, whatever is acknowledged", () => {
    // A large snapshot in a window that is half full is a byte too much.
    const most = limits.windowBytes + 1;
    const steps = fc.array(fc.tuple(fc.constantFrom("output", "ack", "snapshot", "lose"), fc.nat(80_000)));
    fc.assert(
      fc.property(steps, (all) => {
        const window = begun(0);
        for (const [kind, n] of all) {
          const open = openBytes(window);
          if (kind === "output" && spendOutput(window, (window.sent ?? 0) + n, n)) {
            expect(openBytes(window)).toBeLessThanOrEqual(most);
          }
          if (kind === "snapshot" && isHalfOpen(window)) spendSnapshot(window, (window.sent ?? 0) + n, n, n);
          if (kind === "lose") losePlace(window);
          if (kind !== "ack") continue;
          const settled = settledBy(window, n);
          acknowledge(window, n, n);
          expect(openBytes(window)).toBe(open - settled);
        }
        expect(openBytes(window)).toBeGreaterThanOrEqual(0);
        expect(openBytes(window)).toBeLessThanOrEqual(most);
      }),
    );
  });
});
