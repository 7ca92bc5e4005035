/** Whether anybody is at the other end, by a clock that is turned by hand (kubernetes.md lines 13 and 14). */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type LiveChannel, Liveness, livenessTiming } from "../../../../bridge/runtime/kubernetes/exec/liveness.ts";

describe("liveness of a channel", () => {
  let said: string[];
  let pending: number;
  let isAnswering: boolean;
  let peeks: number;
  let liveness: Liveness;
  const channel: LiveChannel = {
    get pendingBytes() {
      return pending;
    },
    keepAlive: () => void said.push("data"),
    ping: () => {
      said.push("ping");
      if (isAnswering) liveness.heard();
    },
    close: () => void said.push("closed"),
  };
  const pass = (ms: number) => vi.advanceTimersByTime(ms);
  const isClosed = () => said.includes("closed");

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    said = [];
    pending = 0;
    peeks = 0;
    isAnswering = true;
    liveness = new Liveness(channel, () => {
      peeks += 1;
    });
  });
  afterEach(() => {
    liveness.stop();
    vi.useRealTimers();
  });

  it("sends data, which pings do not replace, every 30 s as long as the channel is open", () => {
    pass(86_400_000);
    expect(said.filter((word) => word === "data")).toHaveLength(86_400_000 / livenessTiming.keepAliveEveryMs);
    expect(isClosed()).toBe(false);
    liveness.stop();
    said = [];
    pass(86_400_000);
    expect(said).toEqual([]);
  });

  it("gives up a channel that answers nothing", () => {
    isAnswering = false;
    pass(livenessTiming.silentAfterMs);
    expect(isClosed()).toBe(false);
    pass(livenessTiming.pingEveryMs);
    expect(isClosed()).toBe(true);
  });

  it("gives none up for a missing pong while its input is blocked, but not for ever", () => {
    isAnswering = false;
    pending = 8 * 2 ** 20;
    pass(livenessTiming.blockedAfterMs);
    expect(isClosed()).toBe(false);
    pass(livenessTiming.pingEveryMs);
    expect(isClosed()).toBe(true);
  });

  it("does not count a pause as silence, and looks into one that lasts", () => {
    isAnswering = false;
    liveness.paused();
    pass(livenessTiming.pauseAtMostMs - 1);
    expect([isClosed(), peeks]).toEqual([false, 0]);
    pass(livenessTiming.pingEveryMs);
    expect([isClosed(), peeks]).toEqual([false, 1]);
    // Nobody is there: the look hears nothing.
    pass(livenessTiming.silentAfterMs + livenessTiming.pingEveryMs);
    expect(isClosed()).toBe(true);
  });

  it("goes on with a pause in which something was heard", () => {
    for (let round = 0; round < 20; round += 1) {
      liveness.paused();
      pass(livenessTiming.pauseAtMostMs + livenessTiming.pingEveryMs);
      expect(peeks).toBe(round + 1);
      liveness.heard();
    }
    expect(isClosed()).toBe(false);
  });
});
