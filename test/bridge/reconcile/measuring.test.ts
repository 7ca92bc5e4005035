import { describe, expect, it } from "vitest";
import { BridgeMetrics } from "../../../bridge/metrics.ts";
import { Measuring } from "../../../bridge/reconcile/measuring.ts";
import { type Runtime, RuntimeFailure } from "../../../bridge/runtime/runtime.ts";
import type { ObservedEnvironment, Telemetry } from "../../../durable-objects/protocol/bridge-api.ts";

const readings = {
  cpu_usage: 1,
  memory_usage: 2,
  storage_usage: 3,
  network_in: null,
  network_out: null,
  uptime: 4,
  timestamp: "2026-01-01T00:00:00.000Z",
};

function observed(id: string, phase: ObservedEnvironment["phase"] = "running"): ObservedEnvironment {
  return {
    environment_id: id,
    generation: 1,
    phase,
    status_message: null,
    reason: null,
    installation_completed: true,
  };
}

/** Measures these environments; `read` is how the readings of one are come by. */
async function measure(environments: ObservedEnvironment[], read: (id: string) => Promise<typeof readings>) {
  const samples: Telemetry["samples"] = [];
  const runtime: Pick<Runtime, "observe" | "readings" | "lastOutput"> = {
    observe: async () => environments,
    readings: read,
    lastOutput: async () => null,
  };
  const measuring = new Measuring(
    {
      runtime: runtime as Runtime,
      lease: { isHeld: false, signal: AbortSignal.abort() },
      isOurs: (id) => !id.startsWith("other"),
      source: {
        pull: async () => null,
        forget: () => {},
        report: async () => {},
        telemetry: async (sent) => void samples.push(...sent),
      },
      onObserved: () => {},
      lastAttended: () => null,
      onTrouble: () => {},
      log: () => {},
      meter: new BridgeMetrics(),
    },
    () => false,
  );
  return { done: measuring.measure(), again: () => measuring.measure(), samples };
}

describe("measuring", () => {
  it("takes what runs and is served here, with or without the lease, and leaves out what cannot be read", async () => {
    const all = [observed("a"), observed("stopped", "stopped"), observed("other"), observed("b"), observed("c")];
    const { done, samples } = await measure(all, async (id) => {
      if (id === "b") throw new RuntimeFailure("unavailable", "no metrics");
      return readings;
    });
    await done;
    expect(samples.map((sample) => sample.environment_id).sort()).toEqual(["a", "c"]);
  });

  it("reads several at a time, not all, and begins nothing anew meanwhile", async () => {
    const all = Array.from({ length: 100 }, (_, n) => observed(`e${n}`));
    let now = 0;
    let most = 0;
    let reads = 0;
    const { done, again, samples } = await measure(all, async () => {
      now += 1;
      reads += 1;
      most = Math.max(most, now);
      await Promise.resolve();
      now -= 1;
      return readings;
    });
    await Promise.all([done, again()]);
    expect(samples).toHaveLength(100);
    expect(reads).toBe(100);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
  });
});
