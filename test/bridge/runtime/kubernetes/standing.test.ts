/** The table of what kubelet and scheduler say, row by row, and what is reported of it. */
import { describe, expect, it } from "vitest";
import type { ClusterObject } from "../../../../bridge/runtime/kubernetes/client/objects.ts";
import { encodeNotice, parseNotice } from "../../../../bridge/runtime/kubernetes/notice.ts";
import { standingOf } from "../../../../bridge/runtime/kubernetes/observe/standing.ts";
import { claimView, podView } from "../../../../bridge/runtime/kubernetes/observe/views.ts";
import { type Facts, observedOf } from "../../../../bridge/runtime/kubernetes/observed.ts";
import { observedEnvironmentSchema } from "../../../../durable-objects/protocol/bridge-api.ts";
import { reasonFacts } from "../../../../durable-objects/protocol/reasons.ts";

const id = "env_0123456789abcdefghij";
const metadata = { name: "env-0123456789abcdefghij", uid: "u1", annotations: { "devpocket.app/generation": "3" } };
const podOf = (status: object, change: object = {}) =>
  podView({
    metadata: { ...metadata, ...change },
    spec: { containers: [{ name: "environment", image: "img:1" }] },
    status,
  } as ClusterObject);
const claimOf = (spec: object = {}, desired = "running", change: object = {}) =>
  claimView({
    metadata: { ...metadata, annotations: { ...metadata.annotations, "devpocket.app/desired": desired }, ...change },
    spec,
  } as ClusterObject);
const facts = (change: Partial<Facts>): Facts => ({
  ...{ id, generation: 3, step: null, claim: claimOf(), standing: null, init: null, isUp: false, isOverdue: false },
  ...{ news: [], ...change },
});
const report = (change: Partial<Facts>) => observedEnvironmentSchema.parse(observedOf(facts(change)));

const container = (state: object, more: object = {}) => ({ name: "environment", state, ...more });
const waiting = (reason: string, message = "") => ({
  phase: "Pending",
  conditions: [{ type: "PodScheduled", status: "True" }],
  containerStatuses: [container({ waiting: { reason, message } })],
});
const unscheduled = (message: string) => ({
  phase: "Pending",
  conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
});
const claimUnseen =
  '0/1 nodes are available: persistentvolumeclaim "env-0123456789abcdefghij" not found. preemption: not helpful.';
const failed = (terminated: object) => ({ phase: "Failed", containerStatuses: [container({ terminated })] });
const unprepared = (terminated: object) => ({
  phase: "Failed",
  initContainerStatuses: [{ name: "prepare", state: { terminated } }],
});

describe("what a pod's state means", () => {
  it.each([
    ["Pending", { phase: "Pending" }, "provisioning", "pending"],
    ["Unschedulable", unscheduled("0/3 nodes are available: 3 Insufficient memory."), "provisioning", "unschedulable"],
    ["no storage class", unscheduled("pod has unbound immediate PersistentVolumeClaims"), "error", "no_storage"],
    ["no volume", unscheduled("1 node(s) didn't find available persistent volumes to bind"), "error", "no_storage"],
    ["a claim the scheduler lags behind", unscheduled(claimUnseen), "provisioning", "pending"],
    ["ContainerCreating", waiting("ContainerCreating"), "provisioning", null],
    ["ErrImagePull", waiting("ErrImagePull", "rpc error"), "error", "image_pull_failed"],
    ["ImagePullBackOff", waiting("ImagePullBackOff", "Back-off"), "error", "image_pull_failed"],
    ["InvalidImageName", waiting("InvalidImageName", "couldn't parse"), "error", "image_pull_failed"],
    ["CrashLoopBackOff", waiting("CrashLoopBackOff", "back-off 10s"), "error", "crash_loop"],
    ["CreateContainerConfigError", waiting("CreateContainerConfigError", "secret not found"), "error", "rejected"],
    ["OOMKilled", failed({ exitCode: 137, reason: "OOMKilled" }), "stopped", "out_of_memory"],
    ["Evicted", { phase: "Failed", reason: "Evicted", message: "The node was low on resource" }, "stopped", "evicted"],
    ["a lost node", { phase: "Failed", reason: "NodeLost" }, "stopped", "machine_lost"],
    ["the shell server alone, for its memory", failed({ exitCode: 71, reason: "Error" }), "stopped", "out_of_memory"],
    ["the end of the shell server", failed({ exitCode: 70, reason: "Error" }), "stopped", "lost"],
    [
      "an image without a shell",
      failed({ exitCode: 128, reason: "StartError", message: "no such file" }),
      "error",
      "rejected",
    ],
    ["a volume nobody can write", unprepared({ exitCode: 1, message: "cannot be written" }), "error", "rejected"],
  ])("%s", (_, status, phase, reason) => {
    const standing = standingOf(podOf(status), claimOf());
    expect(report({ standing })).toMatchObject({ phase, reason, generation: 3 });
    const message = report({ standing }).status_message;
    expect(message).not.toBe("");
    if (reason !== null)
      expect(message).toContain(
        reasonFacts[reason as keyof typeof reasonFacts].message.slice(0, 20).replace(/^The cluster did.*/, ""),
      );
  });

  it("says the same of an image that cannot be pulled, in whatever words kubelet does", () => {
    const [one, other] = ["ErrImagePull", "ImagePullBackOff"].map((reason) =>
      standingOf(podOf(waiting(reason, reason)), null),
    );
    expect(one).toEqual(other);
    expect(JSON.stringify(one)).toContain("img:1");
  });

  it("waits for a volume that a class makes", () => {
    const standing = standingOf(
      podOf(unscheduled("pod has unbound immediate PersistentVolumeClaims")),
      claimOf({ storageClassName: "fast" }),
    );
    expect(report({ standing })).toMatchObject({ phase: "provisioning", reason: "pending" });
  });

  it("bounds what the cluster says", () => {
    const standing = standingOf(podOf(unscheduled("x".repeat(5_000))), null);
    expect(report({ standing }).status_message?.length).toBeLessThanOrEqual(300);
    for (const before of [0, 1])
      expect(
        report({ standing: standingOf(podOf(unscheduled("x".repeat(before) + "😀".repeat(300))), null) })
          .status_message,
      ).toSatisfy((text: string) => text.isWellFormed());
  });

  it("names each run of the container anew", () => {
    const running = (containerID: string, more: object = {}) => ({
      phase: "Running",
      containerStatuses: [container({ running: { startedAt: "2026-01-01T00:00:00Z" } }, { containerID, ...more })],
    });
    const one = standingOf(podOf(running("c://1")), null);
    const died = { restartCount: 1, lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } };
    const other = standingOf(podOf(running("c://2", died)), null);
    expect(one).toMatchObject({ kind: "up", after: null });
    expect(other).toMatchObject({ kind: "up", after: { reason: "out_of_memory" } });
    expect(one).not.toMatchObject({ incarnation: (other as { incarnation: string }).incarnation });
    expect(report({ standing: one })).toMatchObject({ phase: "provisioning" });
  });

  it("takes a pod that nobody can read for one that is on its way", () => {
    expect(
      standingOf(podView({ metadata, status: { containerStatuses: 7 } } as unknown as ClusterObject), null).kind,
    ).toBe("coming");
  });
});

describe("what is reported of an environment", () => {
  const up = { kind: "up", incarnation: "u/c", after: null, isUnheard: false } as const;
  const run = { standing: up, isUp: true, init: { kind: "completed" } } as const;

  it("runs when its session is there and its commands are through", () => {
    expect(report(run)).toMatchObject({
      phase: "running",
      installation_completed: true,
      reason: null,
      status_message: null,
    });
    expect(report({ ...run, init: { kind: "installing", index: 1 } })).toMatchObject({ phase: "installing" });
    const init: Facts["init"] = { kind: "failed", failures: [{ index: 0, exitCode: 3 }] };
    expect(report({ ...run, init })).toMatchObject({
      phase: "running",
      reason: "installation_failed",
      status_message: "Startup command 1 failed (exit 3)",
      installation_completed: false,
    });
  });

  it("says everything that is not as it was left, the worst first", () => {
    const news = [
      { reason: "out_of_memory", message: "It ran out of memory" },
      { reason: "session_restored", message: "Session restored: 2 windows" },
    ] as const;
    expect(report({ ...run, news })).toMatchObject({
      reason: "out_of_memory",
      status_message: "It ran out of memory. Session restored: 2 windows",
    });
    expect(parseNotice(encodeNotice(news))).toEqual(news);
    for (const text of [undefined, "", "{}", "[7]", '[{"reason":"made_up","message":"x"}]', "[".repeat(9_999)])
      expect(parseNotice(text)).toEqual([]);
  });

  it("tells a pod that was taken away from an environment that rests", () => {
    expect(report({})).toMatchObject({ phase: "stopped", reason: "lost" });
    expect(report({ claim: claimOf({}, "stopped") })).toMatchObject({ phase: "stopped", reason: null });
  });

  it("shows the step that is under way", () => {
    expect(report({ step: "starting" })).toMatchObject({ phase: "provisioning" });
    expect(report({ step: "restarting", standing: { kind: "ending" } })).toMatchObject({ phase: "restarting" });
    expect(report({ ...run, step: "stopping" })).toMatchObject({ phase: "stopping" });
    expect(report({ claim: claimOf({}, "running", { deletionTimestamp: "2026-01-01T00:00:00Z" }) })).toMatchObject({
      phase: "stopping",
    });
    expect(report({ standing: { kind: "ending" } })).toMatchObject({ phase: "stopping" });
  });
});
