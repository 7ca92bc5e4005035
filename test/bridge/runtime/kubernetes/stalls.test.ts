/** What only Events tell: read one by one, and as it reaches who waits for an environment. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClusterObject } from "../../../../bridge/runtime/kubernetes/client/objects.ts";
import type { KubernetesRuntime } from "../../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import { objectName } from "../../../../bridge/runtime/kubernetes/manifests/names.ts";
import { stallOf } from "../../../../bridge/runtime/kubernetes/observe/stalls.ts";
import type { ObservedEnvironment } from "../../../../durable-objects/protocol/bridge-api.ts";
import { reasonFacts } from "../../../../durable-objects/protocol/reasons.ts";
import { resourceOf } from "../../../support/kubernetes/api/resources.ts";
import { writeEvent } from "../../../support/kubernetes/kubelet/events.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, namespace } from "./ground.ts";

const within = { timeout: 15_000, interval: 20 };

describe("an Event", () => {
  const event = (reason: string, message: string, change: object = {}) =>
    ({
      metadata: { name: "e1", uid: "e", creationTimestamp: "2026-01-01T00:00:00Z" },
      involvedObject: { kind: "Pod", name: "env-0123456789abcdefghij", uid: "u1" },
      reason,
      message,
      ...change,
    }) as ClusterObject;
  const detailOf = (message: string) => {
    const words = stallOf(event("FailedMount", message))?.message ?? "";
    return words.slice(reasonFacts.volume_not_ready.message.length);
  };

  it.each([
    ["FailedMount", "Pod", "volume_not_ready"],
    ["FailedAttachVolume", "Pod", "volume_not_ready"],
    ["FailedCreatePodSandBox", "Pod", "sandbox_failed"],
    ["FailedScheduling", "Pod", "unschedulable"],
    ["ProvisioningFailed", "PersistentVolumeClaim", "volume_not_ready"],
  ])("%s of a %s is %s", (said, kind, reason) => {
    const about = { involvedObject: { kind, name: "n", uid: "u" }, eventTime: "2026-01-02T00:00:00.5Z" };
    expect(stallOf(event(said, "why", about))).toMatchObject({ reason, uid: "u", said: `${said}: why` });
  });

  it("of any other kind, or that is none, tells nothing", () => {
    for (const reason of ["BackOff", "Unhealthy", "constructor"]) expect(stallOf(event(reason, "x"))).toBeNull();
    expect(stallOf(event("FailedMount", "x", { involvedObject: { kind: "Node", name: "n", uid: "u" } }))).toBeNull();
    expect(stallOf(event("FailedMount", "x", { involvedObject: null }))).toBeNull();
    expect(stallOf({ metadata: { name: "n", uid: "u" } })).toBeNull();
  });

  it("is told without the cluster's addresses, paths and control characters, and no longer than people read", () => {
    const inside = [
      "10.96.0.1:443",
      "fd00:10:96::a",
      "[fe80::1]:443",
      "https://kubernetes.default.svc/api?token=x",
      "nfs.storage.svc.cluster.local:/exports/a",
      "ip-10-0-1-5.ec2.internal",
      "/var/lib/kubelet/pods/x",
      "4c1bd6f0a8e14b0f9d1c9a4c1bd6f0a8",
    ];
    for (const each of inside) expect(detailOf(`mount of ${each} timed out`)).toBe(" (mount of … timed out)");
    expect(
      detailOf("rpc error: code = Internal desc = rpc error: code = Aborted desc = too many\u001b[2J\nmounts"),
    ).toBe(" (too many [2J mounts)");
    expect(detailOf("Multi-Attach error: it is attached to one node")).toBe(
      " (Multi-Attach error: it is attached to one node)",
    );
    expect(detailOf("x ".repeat(9_000)).length).toBeLessThan(210);
    expect(stallOf(event("FailedMount", "x".repeat(9_000)))?.said).toHaveLength(400);
  });
});

describe("an environment that does not get on", { timeout: 60_000 }, () => {
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
  const becomes = (id: string, change: Partial<ObservedEnvironment>) =>
    vi.waitFor(async () => {
      const seen = (await runtime.observe()).find((each) => each.environment_id === id);
      expect(seen).toMatchObject(change);
    }, within);
  const begin = () => {
    const environment = desiredEnvironment();
    const started = runtime.apply({ kind: "start", environment }, AbortSignal.timeout(30_000));
    return { ...environment, started };
  };

  it.each([
    ["FailedAttachVolume", "volume_not_ready"],
    ["FailedMount", "volume_not_ready"],
    ["FailedCreatePodSandBox", "sandbox_failed"],
  ] as const)("says so for %s, to operators in the cluster's words, and no more once it does", async (said, reason) => {
    ground.cluster.node.obstruct(said, "dial tcp 10.1.2.3:443: it is held elsewhere");
    const { id, started } = begin();
    const message = `${reasonFacts[reason].message} (dial tcp …: it is held elsewhere)`;
    await becomes(id, { phase: "provisioning", reason, status_message: message });
    const logged = () =>
      ground.logged.filter(({ detail }) => String(detail["error"]).includes(`${said}: dial tcp 10.1.2.3`));
    await vi.waitFor(() => expect(logged()).toHaveLength(1), within);
    // Also for a bridge that comes later.
    await runtime.close();
    await started.catch(() => undefined);
    runtime = ground.open();
    await becomes(id, { reason, status_message: message });
    ground.cluster.watches.expire("events");
    await becomes(id, { reason });
    ground.cluster.node.obstruct(said, null);
    await becomes(id, { phase: "running", reason: null, status_message: null });
  });

  it("takes nothing for its own that was of an earlier pod, or is over", async () => {
    const { id, started } = begin();
    await started;
    await becomes(id, { phase: "running" });
    const pod = ground.cluster.store.get(resourceOf("pods"), namespace, objectName(id));
    if (pod === undefined) throw new Error("there is no pod");
    const tell = (uid: string) =>
      writeEvent(
        ground.cluster.store,
        { ...pod, metadata: { ...pod.metadata, uid } },
        { type: "Warning", reason: "FailedMount", message: "old", component: "kubelet" },
      );
    tell(pod.metadata.uid);
    tell("another");
    ground.cluster.node.cordon();
    const restarted = runtime.apply(
      { kind: "restart", environment: { ...desiredEnvironment(), id, generation: 2 } },
      AbortSignal.timeout(30_000),
    );
    await becomes(id, { generation: 2, reason: "unschedulable" });
    ground.cluster.node.cordon(null);
    await restarted;
    await becomes(id, { phase: "running", reason: "session_restored" });
  });

  it("says of a claim that no volume can be made for it, while it waits for one", async () => {
    await runtime.close();
    await ground.dispose();
    ground = await makeGround({ storageClasses: [{ name: "slow", isDefault: true, waitsForConsumer: false }] });
    runtime = ground.open();
    const { id, started } = begin();
    // Nobody makes volumes of this class, and none is there.
    const nobody = expect.stringContaining("no volume plugin matched");
    await becomes(id, { phase: "provisioning", reason: "volume_not_ready", status_message: nobody });
    const [claim] = ground.cluster.store.list(resourceOf("persistentvolumeclaims"), namespace);
    if (claim === undefined) throw new Error("there is no claim");
    const message = "storage quota of the project exceeded";
    writeEvent(ground.cluster.store, claim, {
      type: "Warning",
      reason: "ProvisioningFailed",
      message,
      component: "csi",
    });
    await becomes(id, { reason: "volume_not_ready", status_message: expect.stringContaining(message) });
    await started;
  });
});
