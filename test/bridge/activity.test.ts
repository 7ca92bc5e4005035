/** What a bridge tells of people and programs: who types or watches attends, what prints is at work. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { timing } from "../../durable-objects/protocol/timing.ts";
import { logsWindow, mainWindow, terminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { desiredEnvironment } from "./runtime/contract.ts";
import { startBridge, type TestBridge } from "./support/bridge.ts";

describe("telemetry", { timeout: 60_000 }, () => {
  let bridge: TestBridge;
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"], now: Date.now() });
    bridge = await startBridge();
    await vi.waitUntil(() => bridge.edge.link !== null, 10_000);
  });
  afterEach(async () => {
    await bridge.stop();
    vi.useRealTimers();
  });

  const start = async () => {
    const environment = desiredEnvironment();
    bridge.edge.desire(environment);
    await bridge.edge.becomes(environment.id, "running");
    return environment.id;
  };

  /** Lets a minute pass and resolves with what it told; between its pings every socket gets a word. */
  const minute = async (id: string, words: () => Promise<unknown> = async () => {}) => {
    const before = bridge.edge.telemetry.length;
    for (let passedMs = 0; passedMs < timing.telemetryEveryMs; passedMs += timing.bridgePingEveryMs) {
      vi.advanceTimersByTime(timing.bridgePingEveryMs);
      await Promise.all([bridge.edge.ask({ kind: "metrics", environment_id: id }), words()]);
    }
    await vi.waitUntil(() => bridge.edge.telemetry.length > before, { timeout: 10_000 });
    const sample = bridge.edge.telemetry.at(-1)?.samples[0];
    return {
      attended: sample?.last_attended ?? null,
      work: sample?.last_work ?? null,
      activity: sample?.last_activity,
    };
  };
  const secondsAgo = (time: string | null) => (Date.now() - Date.parse(time ?? "")) / 1000;

  it("tells watching from output, and neither of a shell that is left alone", async () => {
    const id = await start();
    const alone = await minute(id);
    expect(alone).toEqual({ attended: null, work: expect.any(String), activity: alone.work });
    expect(await minute(id)).toEqual(alone);
    const end = await bridge.edge.watch(terminalId(id, mainWindow));
    await end.join();
    const watched = await minute(id, () => end.snapshot());
    expect(watched.work).toBe(alone.work);
    expect(secondsAgo(watched.attended)).toBeLessThan(30);
    expect(watched.activity).toBe(watched.attended);
    bridge.edge.unwatch(terminalId(id, mainWindow));
    await vi.waitUntil(() => end.socket.readyState === end.socket.CLOSED, 10_000);
    const left = await minute(id);
    expect(Date.parse(left.attended ?? "")).toBeGreaterThanOrEqual(Date.parse(watched.attended ?? ""));
    expect(secondsAgo(left.attended)).toBeGreaterThanOrEqual(59);
    expect(await minute(id)).toEqual(left);
  });

  it("tells of input at once, and of what a program prints with nobody there", async () => {
    const id = await start();
    const end = await bridge.edge.watch(terminalId(id, mainWindow));
    const { ask } = await end.join();
    await ask("{ (while :; do sleep 0.5; echo at work; done) & }");
    end.socket.close();
    const typed = await minute(id);
    expect(typed.attended).not.toBeNull();
    bridge.edge.unwatch(terminalId(id, mainWindow));
    const left = await minute(id);
    await vi.waitUntil(async () => Date.parse((await minute(id)).work ?? "") > Date.parse(left.work ?? ""), {
      timeout: 20_000,
    });
    expect((await minute(id)).attended).toBe(left.attended);
  });

  it("counts who follows the logs as watching", async () => {
    const id = await start();
    const logs = await bridge.edge.watch(terminalId(id, logsWindow));
    const ask = async () => {
      logs.send({ type: "snapshot" });
    };
    expect(secondsAgo((await minute(id, ask)).attended)).toBeLessThan(30);
  });
});

describe("a data socket on which nothing is said for long", { timeout: 30_000 }, () => {
  it("gets a word that changes nothing, so that the object looks for its viewers", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"], now: Date.now() });
    const bridge = await startBridge();
    try {
      await vi.waitUntil(() => bridge.edge.link !== null, 10_000);
      const environment = desiredEnvironment();
      bridge.edge.desire(environment);
      await bridge.edge.becomes(environment.id, "running");
      const end = await bridge.edge.watch(terminalId(environment.id, mainWindow));
      const { ask } = await end.join();
      expect(await ask("echo hello")).toBe("hello");
      const logs = await bridge.edge.watch(terminalId(environment.id, logsWindow));
      await logs.message("hello");
      const isRepeated = () => {
        const isEmptyLog = logs.messages.some((each) => each.type === "logs" && each.messages.length === 0);
        return isEmptyLog && end.messages.some((each) => each.type === "size");
      };
      const letTimePass = () => {
        vi.setSystemTime(Date.now() + timing.dataSocketQuietMs);
        bridge.edge.desire(environment);
      };
      await vi.waitUntil(() => isRepeated() || letTimePass(), { timeout: 15_000, interval: 200 });
      expect(await end.message("size")).toEqual({ type: "size", cols: 80, rows: 24, gen: 0 });
      expect(await ask("echo still")).toBe("still");
      expect(end.faults).toEqual([]);
    } finally {
      await bridge.stop();
      vi.useRealTimers();
    }
  });
});
