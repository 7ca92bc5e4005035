import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Attempts } from "../../../bridge/reconcile/attempts.ts";
import { RuntimeFailure } from "../../../bridge/runtime/runtime.ts";

const step = { environmentId: "env_a", kind: "start", generation: 1 };

describe("attempts", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  it("waits longer after each failure, and not at all for a new generation or another step", () => {
    const attempts = new Attempts();
    const waits = [0, 1, 2].map(() => {
      const waitMs = attempts.fail(step, new RuntimeFailure("unavailable", "no tmux"));
      expect(attempts.mayTry(step)).toBe(false);
      expect(attempts.mayTry({ ...step, generation: 2 })).toBe(true);
      expect(attempts.mayTry({ ...step, kind: "stop" })).toBe(true);
      vi.advanceTimersByTime(waitMs + 1);
      expect(attempts.mayTry(step)).toBe(true);
      return waitMs;
    });
    expect(waits[2]).toBeGreaterThanOrEqual((waits[0] ?? 0) * 2);
    expect(attempts.failures.get("env_a")).toMatchObject({ message: "no tmux", reason: "unavailable" });
  });

  it("slows down a step that works and is needed again at once, until it has held", () => {
    const attempts = new Attempts();
    let last = 0;
    for (let round = 0; round < 6; round += 1) {
      last = attempts.succeed(step);
      expect(attempts.mayTry(step)).toBe(false);
      vi.advanceTimersByTime(last + 1);
    }
    expect(last).toBeGreaterThan(5_000);
    vi.advanceTimersByTime(120_000);
    expect(attempts.succeed(step)).toBeLessThanOrEqual(500);
  });

  it("takes one step of an environment at a time", () => {
    const attempts = new Attempts();
    attempts.begin("env_a");
    expect(attempts.mayTry({ ...step, kind: "stop" })).toBe(false);
    expect(attempts.countUnderWay).toBe(1);
    attempts.succeed(step);
    expect(attempts.mayTry({ ...step, kind: "stop" })).toBe(true);
  });

  it("tells people nothing of an unexpected error, and forgets what is no longer desired", () => {
    const attempts = new Attempts();
    attempts.fail(step, new Error("EACCES /secret/path"));
    expect(JSON.stringify(attempts.failures.get("env_a"))).not.toContain("secret");
    attempts.keepOnly(new Set());
    expect(attempts.failures.size).toBe(0);
    expect(attempts.mayTry(step)).toBe(true);
  });
});
