/** When the page dials again after a cut. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { timing } from "../../durable-objects/protocol/timing.ts";
import { createRedial, redialDelayMs } from "../../workers/web/terminal/redial.ts";

const latest = () => 0.999_999;
const earliest = () => 0;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("redialDelayMs", () => {
  it("keeps the first wait below a quarter of a second", () => {
    expect(redialDelayMs(0, earliest)).toBe(0);
    expect(redialDelayMs(0, latest)).toBeLessThan(timing.redialFirstMaxMs);
  });

  it("spreads the first dials of a crowd so that 80 come a second", () => {
    expect(redialDelayMs(0, latest, 1)).toBeLessThan(timing.redialFirstMaxMs);
    const delays = Array.from({ length: 801 }, (_, at) => redialDelayMs(0, () => at / 801, 801));
    const busiest = delays.filter((delayMs) => delayMs >= 5_000 && delayMs < 6_000);
    expect(busiest.length).toBeLessThanOrEqual(timing.redialsPerSecond);
    expect(Math.max(...delays)).toBeLessThan(10_250);
  });

  it("spreads later waits between the least and a ceiling that doubles up to ten seconds", () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 60].map((attempt) => Math.round(redialDelayMs(attempt, latest)));
    expect(ceilings).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect(redialDelayMs(9, earliest)).toBe(timing.redialMinMs);
  });
});

describe("createRedial", () => {
  it("dials once after the wait it announced", () => {
    const dial = vi.fn();
    const delayMs = createRedial(dial, latest).lost();
    vi.advanceTimersByTime(delayMs - 1);
    expect(dial).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(dial).toHaveBeenCalledTimes(1);
  });

  it("waits longer after each failed dial", () => {
    const redial = createRedial(vi.fn(), latest);
    const delays = [redial.lost(), redial.lost(), redial.lost(), redial.lost()];
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    expect(new Set(delays).size).toBe(4);
  });

  it("waits longer among many", () => {
    const redial = createRedial(vi.fn(), latest);
    redial.among(500);
    expect(redial.lost()).toBeGreaterThan(6_000);
  });

  it("dials at once when hurried, and not again when the wait would have ended", () => {
    const dial = vi.fn();
    const redial = createRedial(dial, latest);
    redial.lost();
    redial.hurry();
    expect(dial).toHaveBeenCalledTimes(1);
    vi.runAllTimers();
    expect(dial).toHaveBeenCalledTimes(1);
  });

  it("does nothing when hurried while no dial is waiting", () => {
    const dial = vi.fn();
    createRedial(dial, latest).hurry();
    expect(dial).not.toHaveBeenCalled();
  });

  it("starts over with a short wait after a connection that lasted", () => {
    const redial = createRedial(vi.fn(), latest);
    redial.lost();
    redial.lost();
    redial.hurry();
    redial.held();
    vi.advanceTimersByTime(timing.redialMaxMs);
    expect(redial.lost()).toBeLessThan(timing.redialFirstMaxMs);
  });

  it("keeps the long wait when a connection is cut again right away", () => {
    const redial = createRedial(vi.fn(), latest);
    redial.lost();
    redial.lost();
    redial.hurry();
    redial.held();
    vi.advanceTimersByTime(timing.redialMaxMs / 2);
    expect(redial.lost()).toBeGreaterThan(timing.redialFirstMaxMs);
  });

  it("dials no more once stopped", () => {
    const dial = vi.fn();
    const redial = createRedial(dial, latest);
    redial.lost();
    redial.stop();
    vi.runAllTimers();
    expect(dial).not.toHaveBeenCalled();
  });
});
