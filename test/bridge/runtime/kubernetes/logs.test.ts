/** Logs without loss or repetition, and readings, in a cluster where things are missing. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KubernetesRuntime } from "../../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import type { LogMessage } from "../../../../durable-objects/protocol/client.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, startUp } from "./ground.ts";

const within = { timeout: 20_000, interval: 20 };

describe("logs and readings of a pod", { timeout: 60_000 }, () => {
  let ground: ClusterGround;
  let runtime: KubernetesRuntime;

  beforeEach(async () => {
    ground = await makeGround();
    runtime = ground.open();
  });
  afterEach(async () => {
    await runtime.close();
    await ground.dispose();
  });
  const start = async (...startup_commands: string[]) => {
    const environment = desiredEnvironment({ startup_commands });
    await startUp(runtime, environment);
    return environment;
  };
  const numbers = (messages: readonly LogMessage[]) =>
    messages.flatMap((each) =>
      each.type === "installation_log" && /^\d+$/.test(each.data) ? [Number(each.data)] : [],
    );

  it("follows over cut connections, and hands every line over once", async () => {
    const count = 400;
    const { id } = await start(
      `i=0; while [ $i -lt ${count} ]; do echo $i; i=$((i + 1)); [ $((i % 40)) -gt 0 ] || sleep 0.2; done`,
    );
    const followed: LogMessage[] = [];
    let cutAt = 0;
    await runtime.followLogs(id, (messages) => {
      followed.push(...messages);
      if (followed.length < cutAt + 60) return;
      cutAt = followed.length;
      ground.cluster.logs.cut();
    });
    await vi.waitUntil(() => followed.some(({ type }) => type === "installation_complete"), within);
    expect(numbers(followed)).toEqual(Array.from({ length: count }, (_, index) => index));
    expect(cutAt).toBeGreaterThan(60);
    // The installation was followed over the same cuts.
    await vi.waitFor(async () => expect((await runtime.observe())[0]).toMatchObject({ phase: "running" }), within);
  });

  it("gives the newest lines, and those since a time", async () => {
    const { id } = await start("seq 1 300");
    await vi.waitFor(async () => expect((await runtime.observe())[0]).toMatchObject({ phase: "running" }), within);
    const all = await runtime.logs(id, { lines: 1000 });
    expect(all.hasMore).toBe(false);
    const newest = await runtime.logs(id, { lines: 5 });
    expect(newest).toEqual({ entries: all.entries.slice(-5), hasMore: true });
    const middle = all.entries[150]?.timestamp ?? "";
    const since = await runtime.logs(id, { lines: 1000, since: middle });
    expect(since.entries.every(({ timestamp }) => Date.parse(timestamp) >= Date.parse(middle))).toBe(true);
    expect(since.entries.length).toBeGreaterThanOrEqual(all.entries.length - 151);
  });

  it("has no log of what rests, and none of what waits to begin", async () => {
    const { id } = await start();
    await runtime.apply({ kind: "stop", environmentId: id }, AbortSignal.timeout(30_000));
    expect(await runtime.logs(id, { lines: 10 })).toEqual({ entries: [], hasMore: false });
    await expect(runtime.followLogs(id, () => {})).rejects.toMatchObject({ code: "not_running" });
    ground.cluster.images.set("none:1", "missing");
    const waiting = desiredEnvironment({ image: "none:1" });
    await runtime.apply({ kind: "start", environment: waiting }, AbortSignal.timeout(30_000));
    expect(await runtime.logs(waiting.id, { lines: 10 })).toEqual({ entries: [], hasMore: false });
  });

  it.each([
    ["is not installed", { kind: "status", code: 404 } as const],
    ["has a backend that is down", { kind: "status", code: 500, body: "\u0000no JSON" } as const],
  ])("reads what the cgroup says where metrics.k8s.io %s", async (_, mishap) => {
    ground.cluster.faults.add({ on: ({ path }) => path.includes("metrics.k8s.io"), mishap });
    const { id } = await start();
    const readings = await runtime.readings(id);
    expect(readings.memory_usage).toBeGreaterThan(0);
    expect(readings.cpu_usage).not.toBeNull();
    expect(readings.storage_usage).not.toBeNull();
  });

  it("says why there is nothing to read", async () => {
    const { id } = await start();
    ground.cluster.faults.add({
      on: ({ path }) => path.includes("metrics.k8s.io"),
      mishap: { kind: "status", code: 404 },
    });
    ground.cluster.faults.add({ on: { resource: "pods/exec" }, mishap: { kind: "status", code: 403 } });
    const readings = await runtime.readings(id);
    expect(readings).toMatchObject({ cpu_usage: null, memory_usage: null, storage_usage: null });
    expect(readings.reason).toMatch(/cpu, memory, storage/);
    ground.cluster.faults.clear();
    await runtime.apply({ kind: "stop", environmentId: id }, AbortSignal.timeout(30_000));
    expect(await runtime.readings(id)).toMatchObject({ cpu_usage: null, reason: "not running" });
    expect(await runtime.lastOutput(id)).toBeNull();
  });
});
