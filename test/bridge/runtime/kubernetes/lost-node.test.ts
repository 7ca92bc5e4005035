/** A machine that does not answer: what is told of it, what is never done unasked, and what is done for a person who asks. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KubernetesRuntime } from "../../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import { objectName } from "../../../../bridge/runtime/kubernetes/manifests/names.ts";
import { forcedAfterMs, lostAfterMs, untilOverdue } from "../../../../bridge/runtime/kubernetes/patience.ts";
import type { DesiredEnvironment, ObservedEnvironment } from "../../../../durable-objects/protocol/bridge-api.ts";
import { reasonFacts } from "../../../../durable-objects/protocol/reasons.ts";
import { resourceOf } from "../../../support/kubernetes/api/resources.ts";
import { clientOf } from "../../../support/kubernetes/client.ts";
import { isAlive } from "../../../support/kubernetes/pod-ground.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, namespace, startUp } from "./ground.ts";

const within = { timeout: 15_000, interval: 20 };
const pods = resourceOf("pods");
const lost = { reason: "node_lost", status_message: reasonFacts.node_lost.message } as const;

describe("an environment on a machine that does not answer", { timeout: 60_000 }, () => {
  let ground: ClusterGround;
  let runtime: KubernetesRuntime;
  let environment: DesiredEnvironment;

  beforeEach(async () => {
    ground = await makeGround();
    runtime = ground.open();
    environment = desiredEnvironment();
    await startUp(runtime, environment);
    ground.cluster.node.setSilent(true);
  });
  afterEach(async () => {
    await runtime.close();
    ground.cluster.node.setSilent(false);
    await ground.dispose();
  });

  const becomes = (change: Partial<ObservedEnvironment> | undefined) =>
    vi.waitFor(async () => {
      const [seen] = await runtime.observe();
      if (change === undefined) expect(seen).toBeUndefined();
      else expect(seen).toMatchObject(change);
    }, within);
  const pod = () => ground.cluster.store.get(pods, namespace, objectName(environment.id));
  /** As if it had been asked to end so long ago. */
  const age = async (byMs: number) => {
    const ending = await vi.waitUntil(
      () => (pod()?.metadata.deletionTimestamp === undefined ? undefined : pod()),
      within,
    );
    const deletionTimestamp = new Date(Date.now() - byMs).toISOString();
    ground.cluster.store.put(pods, { ...ending, metadata: { ...ending.metadata, deletionTimestamp } });
  };
  const evict = () =>
    clientOf(ground.cluster).core.deleteNamespacedPod({ name: objectName(environment.id), namespace });
  const forced = () => ground.logged.filter(({ detail }) => String(detail["error"]).includes("taken away by force"));

  it("says so while it should run, and no more when the machine is back", async () => {
    await becomes({ phase: "running", ...lost });
    ground.cluster.node.setSilent(false);
    await becomes({ phase: "running", reason: null, status_message: null });
  });

  it("is never taken away unasked: it waits, and comes back with the machine's end", async () => {
    await evict();
    await becomes({ phase: "stopping", reason: null });
    await age(10 * forcedAfterMs("for now"));
    await becomes({ phase: "restarting", ...lost });
    expect(pod()).toBeDefined();
    // Its node is deleted or tainted out-of-service: then the cluster takes the pod away.
    await clientOf(ground.cluster).core.deleteNamespacedPod({
      name: objectName(environment.id),
      namespace,
      gracePeriodSeconds: 0,
    });
    await becomes({ phase: "stopped", reason: "lost" });
    expect(forced()).toEqual([]);
  });

  it("is stopped by force for who asks, once the cluster would take its volume, too", async () => {
    const stopped = runtime.apply({ kind: "stop", environmentId: environment.id }, AbortSignal.timeout(30_000));
    await age(lostAfterMs + 1);
    await becomes({ phase: "stopping", ...lost });
    expect(forced()).toEqual([]);
    await age(forcedAfterMs("for now") + 1);
    await stopped;
    await becomes({ phase: "stopped", reason: null });
    expect(forced()).toHaveLength(1);
  });

  it("begins anew on the machine when that is back, and of the pod that was taken away nothing is left", async () => {
    const first = ground.cluster.node.pidOf(namespace, objectName(environment.id)) ?? 0;
    const stopped = runtime.apply({ kind: "stop", environmentId: environment.id }, AbortSignal.timeout(30_000));
    await age(forcedAfterMs("for now") + 1);
    await stopped;
    expect(isAlive(first)).toBe(true);
    const again = { ...environment, generation: environment.generation + 1 };
    const started = runtime.apply({ kind: "start", environment: again }, AbortSignal.timeout(30_000));
    await becomes({ phase: "provisioning", generation: again.generation });
    for (const isSilent of [false, true, false]) ground.cluster.node.setSilent(isSilent);
    await started;
    await becomes({ phase: "running", generation: again.generation, reason: null });
    await vi.waitUntil(() => !isAlive(first), within);
    expect(ground.cluster.store.list(pods, namespace)).toHaveLength(1);
  });

  it("is deleted by force for who asks, soon", async () => {
    const removed = runtime.apply({ kind: "delete", environmentId: environment.id }, AbortSignal.timeout(30_000));
    await age(lostAfterMs + 1);
    await removed;
    await becomes(undefined);
  });
});

it("counts from the end of the grace period", () => {
  expect(untilOverdue(null, 5, 100)).toBeNull();
  expect([90, 95, 96, 200].map((endsBy) => untilOverdue(endsBy, 5, 100))).toEqual([0, 0, 1, 105]);
});
