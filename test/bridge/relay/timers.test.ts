/** When pictures are taken: one for all that are due, and after an interrupt when the answer has come. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Agenda } from "../../../bridge/relay/agenda.ts";
import { Lull } from "../../../bridge/relay/lull.ts";

let times: number;
const count = () => {
  times += 1;
};
beforeEach(() => {
  times = 0;
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

describe("agenda", () => {
  it("answers all that are due at once, and later ones by themselves", () => {
    const agenda = new Agenda(count);
    for (const afterMs of [100, 101, 102, 500]) agenda.ask(afterMs);
    vi.advanceTimersByTime(99);
    expect(times).toBe(0);
    expect(agenda.isDueWithin(20)).toBe(true);
    vi.advanceTimersByTime(21);
    expect(times).toBeGreaterThanOrEqual(1);
    expect(times).toBeLessThanOrEqual(2);
    expect(agenda.isDueWithin(20)).toBe(false);
    const before = times;
    vi.advanceTimersByTime(400);
    expect(times).toBe(before + 1);
  });

  it("is not put off by whoever asks for a later one", () => {
    const agenda = new Agenda(count);
    agenda.ask(100);
    for (let ms = 0; ms < 110; ms += 10) {
      agenda.ask(1_000);
      vi.advanceTimersByTime(10);
    }
    expect(times).toBe(1);
    agenda.clear();
    vi.advanceTimersByTime(5_000);
    expect(times).toBe(1);
  });

  it("takes at once what is due at once", () => {
    new Agenda(count).ask(0);
    expect(times).toBe(1);
  });
});

describe("lull", () => {
  it("comes a moment after the last bytes", () => {
    const lull = new Lull(count);
    lull.await();
    vi.advanceTimersByTime(200);
    for (let ms = 0; ms < 100; ms += 10) {
      lull.disturb();
      vi.advanceTimersByTime(10);
    }
    expect(times).toBe(0);
    vi.advanceTimersByTime(40);
    expect(times).toBe(1);
    lull.disturb();
    vi.advanceTimersByTime(1_000);
    expect(times).toBe(1);
  });

  it("does not wait for ever, neither for silence nor for bytes", () => {
    const lull = new Lull(count);
    lull.await();
    vi.advanceTimersByTime(500);
    expect(times).toBe(1);
    lull.await();
    for (let ms = 0; ms < 500; ms += 10) {
      lull.disturb();
      vi.advanceTimersByTime(10);
    }
    expect(times).toBe(2);
  });
});
