/** The loop against a real runtime and an edge that fails: one environment's trouble is its own, and it ends. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BridgeMetrics } from "../../../bridge/metrics.ts";
import { ReconcileLoop } from "../../../bridge/reconcile/loop.ts";
import { LocalRuntime } from "../../../bridge/runtime/local/local-runtime.ts";
import { RuntimeFailure } from "../../../bridge/runtime/runtime.ts";
import type {
  DesiredEnvironment,
  ObservedEnvironment,
  Telemetry,
} from "../../../durable-objects/protocol/bridge-api.ts";
import { timing } from "../../../durable-objects/protocol/timing.ts";
import { desiredEnvironment } from "../runtime/contract.ts";
import { machinePath, startBridge, type TestBridge } from "../support/bridge.ts";

describe("reconcile loop", () => {
  let bridge: TestBridge;
  beforeEach(async () => {
    bridge = await startBridge();
    await vi.waitUntil(() => bridge.edge.link !== null, 20_000);
  });
  afterEach(() => bridge.stop());

  it("goes on with the others when one environment fails, says so, and tries that one again", async () => {
    const [bad, good] = [desiredEnvironment(), desiredEnvironment()];
    const inTheWay = join(bridge.dataDir, "environments", bad.id);
    mkdirSync(join(bridge.dataDir, "environments"), { recursive: true });
    writeFileSync(inTheWay, "");
    bridge.edge.desire(bad);
    bridge.edge.desire(good);
    await bridge.edge.becomes(good.id, "running");
    const failed = await bridge.edge.becomes(bad.id, "error");
    expect(failed).toMatchObject({ generation: 1, reason: "internal" });
    expect(failed.status_message).not.toContain(bridge.dataDir);
    rmSync(inTheWay);
    await bridge.edge.becomes(bad.id, "running");
  });

  it("leaves alone what is not in the list", async () => {
    const environment = desiredEnvironment();
    bridge.edge.desire(environment);
    await bridge.edge.becomes(environment.id, "running");
    bridge.edge.desired = [];
    const other = desiredEnvironment();
    bridge.edge.desire(other);
    await bridge.edge.becomes(other.id, "running");
    expect(bridge.edge.reported(environment.id)).toBeUndefined();
    const metrics = await bridge.edge.ask({ kind: "metrics", environment_id: environment.id });
    expect(metrics).toMatchObject({ kind: "metrics", readings: { uptime: expect.any(Number) } });
  });

  it("reports the whole list again when the link comes back, and pulls nothing it has", async () => {
    const environment = desiredEnvironment();
    bridge.edge.desire(environment);
    await bridge.edge.becomes(environment.id, "running");
    const reports = bridge.edge.reports.length;
    const notModified = bridge.edge.notModified;
    bridge.edge.link?.terminate();
    await vi.waitUntil(() => bridge.edge.reports.length > reports, { timeout: 20_000 });
    expect(bridge.edge.reported(environment.id)?.phase).toBe("running");
    expect(bridge.edge.notModified).toBeGreaterThan(notModified);
  });

  it("makes nothing of a cluster that does not answer for a while but a word to its operators, and goes on", async () => {
    const environment = desiredEnvironment();
    bridge.edge.desire(environment);
    await bridge.edge.becomes(environment.id, "running");
    const reports = bridge.edge.reports.length;
    const isAway = vi.spyOn(LocalRuntime.prototype, "observe");
    isAway.mockRejectedValue(new RuntimeFailure("unavailable", "The API server does not answer"));
    bridge.edge.desire({ ...environment, desired: "stopped" });
    await vi.waitUntil(() => bridge.edge.troubles.at(-1) === "The API server does not answer", { timeout: 20_000 });
    expect(bridge.edge.reports.length).toBe(reports);
    isAway.mockRestore();
    await bridge.edge.becomes(environment.id, "stopped");
    expect(bridge.edge.troubles.at(-1)).toBeNull();
    expect(bridge.edge.reports.flat().map(({ phase }) => phase)).not.toContain("error");
  });

  it("does nothing with a token that is refused, and goes on when one is good again", async () => {
    const environment = desiredEnvironment();
    bridge.edge.desire(environment);
    await bridge.edge.becomes(environment.id, "running");
    const reports = bridge.edge.reports.length;
    bridge.edge.failWith = 401;
    bridge.edge.desire({ ...environment, desired: "deleted" });
    const metrics = () => bridge.supervisor.metricsText();
    await vi.waitUntil(() => /failures_total\{what="pull"\} [1-9]/.test(metrics()), { timeout: 20_000 });
    const answer = await bridge.edge.ask({ kind: "metrics", environment_id: environment.id });
    expect(answer).toMatchObject({ kind: "metrics", readings: { uptime: expect.any(Number) } });
    expect(bridge.edge.reports.length).toBe(reports);
    bridge.edge.failWith = null;
    await vi.waitUntil(() => bridge.edge.desired.length === 0, { timeout: 20_000 });
  });

  it("measures what runs once a minute", async () => {
    const environment = desiredEnvironment();
    bridge.edge.desire(environment);
    await bridge.edge.becomes(environment.id, "running");
    const runtime = new LocalRuntime({ dataDir: bridge.dataDir, machinePath, isProduction: false });
    const samples: Telemetry["samples"] = [];
    const source = {
      pull: async (): Promise<DesiredEnvironment[] | null> => null,
      forget: () => {},
      report: async (_observed: ObservedEnvironment[]) => {},
      telemetry: async (sent: Telemetry["samples"]) => void samples.push(...sent),
    };
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const attendedAt = new Date(Date.now() - 60_000);
    const loop = new ReconcileLoop({
      runtime,
      lease: { isHeld: true, signal: new AbortController().signal },
      isOurs: () => true,
      source,
      onObserved: () => {},
      lastAttended: () => attendedAt,
      onTrouble: () => {},
      log: () => {},
      meter: new BridgeMetrics(),
    });
    loop.start();
    vi.advanceTimersByTime(timing.telemetryEveryMs);
    vi.useRealTimers();
    await vi.waitUntil(() => samples.length > 0, { timeout: 20_000 });
    loop.stop();
    expect(samples[0]).toMatchObject({
      environment_id: environment.id,
      readings: { memory_usage: expect.any(Number) },
    });
    expect(samples[0]?.last_attended).toBe(attendedAt.toISOString());
    expect(Date.parse(samples[0]?.last_work ?? "")).toBeGreaterThan(0);
    expect(samples[0]?.last_activity).toBe(samples[0]?.last_work);
  });
});
