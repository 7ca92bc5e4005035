/** What keeps a child running: when it is started again, and when no more. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Running } from "../../../bridge/dev/child.ts";
import { supervise } from "../../../bridge/dev/supervise.ts";

/** A child without a process: it ends when told, and counts what was asked of it. */
function newChild(pid: number) {
  let exit: (how: string) => void = () => {};
  const stops: (number | undefined)[] = [];
  const running: Running = {
    pid,
    onExit: (listener) => {
      exit = listener;
    },
    stop: async (graceMs) => {
      stops.push(graceMs);
      exit("was ended");
    },
  };
  return { running, stops, end: () => exit("ended with code 1") };
}

/** Supervises children numbered 1, 2, 3, ...; the starts named in `failing` fail. */
async function superviseChildren(failing: number[] = []) {
  const children: ReturnType<typeof newChild>[] = [];
  let starts = 0;
  const supervised = await supervise("child", async () => {
    starts += 1;
    if (failing.includes(starts)) throw new Error("no room");
    const child = newChild(starts);
    children.push(child);
    return child.running;
  });
  return { supervised, children, starts: () => starts, newest: () => children.at(-1) };
}

let said = "";
beforeEach(() => {
  vi.useFakeTimers();
  said = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a supervised child", () => {
  it("is started again later and later while it keeps ending early, at most every 10 s", async () => {
    const { newest, starts } = await superviseChildren();
    for (const [round, delayMs] of [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000].entries()) {
      newest()?.end();
      await vi.advanceTimersByTimeAsync(delayMs - 1);
      expect(starts()).toBe(round + 1);
      await vi.advanceTimersByTimeAsync(1);
      expect(starts()).toBe(round + 2);
    }
    expect(said).toContain("child ended with code 1: starting it again in 10000 ms");
  });

  it("that lived for half a minute is started again at once", async () => {
    const { newest, supervised } = await superviseChildren();
    for (const _ of [1, 2, 3]) {
      newest()?.end();
      await vi.advanceTimersByTimeAsync(1000);
    }
    await vi.advanceTimersByTimeAsync(30_001);
    newest()?.end();
    expect(supervised.pid()).toBeNull();
    await vi.advanceTimersByTimeAsync(250);
    expect(supervised.pid()).toBe(5);
  });

  it("that cannot be started again is tried again, and the reason is told", async () => {
    const { newest, supervised } = await superviseChildren([2, 3]);
    newest()?.end();
    await vi.advanceTimersByTimeAsync(250 + 500 + 1000);
    expect(supervised.pid()).toBe(4);
    expect(said).toContain("could not be started (no room)");
  });

  it("is nobody's when the very first start fails", async () => {
    await expect(superviseChildren([1])).rejects.toThrow("no room");
  });

  it("restarts without grace, and stops for good with it", async () => {
    const { children, supervised, starts } = await superviseChildren();
    await supervised.restart("does not answer");
    expect(children[0]?.stops).toEqual([0]);
    await vi.advanceTimersByTimeAsync(250);
    expect(starts()).toBe(2);
    await supervised.stop();
    expect(children[1]?.stops).toEqual([undefined]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(starts()).toBe(2);
  });

  it("that is waiting to be started again is not, once stopped", async () => {
    const { newest, supervised, starts } = await superviseChildren();
    newest()?.end();
    await supervised.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(starts()).toBe(1);
  });
});
