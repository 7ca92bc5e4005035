/** Puts pods on the one node, when it has room and their claims can be bound; says why when not. */
import { podSpecOf } from "../admission/pod-schema.ts";
import { quantityOf } from "../admission/quantities.ts";
import { fieldsAt, type KubeObject, timestamp } from "../api/objects.ts";
import { resourceOf } from "../api/resources.ts";
import type { Store } from "../api/store.ts";
import type { ClaimBinder } from "./claim-binder.ts";
import { writeEvent } from "./events.ts";

const pods = resourceOf("pods");
const component = "default-scheduler";

export class Scheduler {
  readonly #store: Store;
  readonly #binder: ClaimBinder;
  #isLooking = false;
  /** Nothing fits, for this reason, while a test says so. */
  #cordon: string | null = null;

  constructor(store: Store, binder: ClaimBinder) {
    this.#store = store;
    this.#binder = binder;
    store.onChange(({ resource }) => {
      if (["pods", "persistentvolumeclaims", "persistentvolumes", "nodes"].includes(resource.plural)) this.#lookSoon();
    });
  }

  /** No pod is scheduled from now on (`1 node(s) were unschedulable`), or again. */
  setCordon(why: string | null): void {
    this.#cordon = why;
    this.#lookSoon();
  }

  #lookSoon(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    queueMicrotask(() => {
      this.#isLooking = false;
      for (const pod of this.#store.list(pods)) {
        if (fieldsAt(pod, "spec")["nodeName"] === undefined && pod.metadata.deletionTimestamp === undefined)
          this.#schedule(pod);
      }
    });
  }

  #schedule(pod: KubeObject): void {
    const [node] = this.#store.list(resourceOf("nodes"));
    const why = node === undefined ? "no nodes available to schedule pods" : this.#obstacle(pod, node);
    if (why !== null) this.#refuse(pod, why);
    else this.#assign(pod, node?.metadata.name ?? "");
  }

  #assign(pod: KubeObject, nodeName: string): void {
    const status = {
      ...fieldsAt(pod, "status"),
      conditions: [{ type: "PodScheduled", status: "True", lastTransitionTime: timestamp() }],
    };
    this.#store.put(pods, { ...pod, spec: { ...fieldsAt(pod, "spec"), nodeName }, status });
    writeEvent(this.#store, pod, {
      type: "Normal",
      reason: "Scheduled",
      message: `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to ${nodeName}`,
      component,
    });
  }

  #obstacle(pod: KubeObject, node: KubeObject): string | null {
    if (this.#cordon !== null) return told(this.#cordon);
    const spec = podSpecOf(pod);
    const labels = node.metadata.labels ?? {};
    if (Object.entries(spec.nodeSelector).some(([key, value]) => labels[key] !== value))
      return told("node(s) didn't match Pod's node affinity/selector");
    for (const name of ["cpu", "memory"]) {
      const room = quantityOf(String(fieldsAt(node, "status", "allocatable")[name])) ?? 0;
      const others = this.#store.list(pods).filter((each) => fieldsAt(each, "spec")["nodeName"] !== undefined);
      const taken = [...others, pod].reduce((sum, each) => sum + requested(each, name), 0);
      if (taken > room) return told(`Insufficient ${name}`);
    }
    return this.#claimObstacle(pod);
  }

  #claimObstacle(pod: KubeObject): string | null {
    for (const { persistentVolumeClaim } of podSpecOf(pod).volumes) {
      if (persistentVolumeClaim === undefined) continue;
      const { claimName } = persistentVolumeClaim;
      const claim = this.#store.get(resourceOf("persistentvolumeclaims"), pod.metadata.namespace, claimName);
      if (claim === undefined)
        return `0/1 nodes are available: persistentvolumeclaim "${claimName}" not found. ${noPreemption}`;
      if (claim.metadata.deletionTimestamp !== undefined)
        return `0/1 nodes are available: persistentvolumeclaim "${claimName}" is being deleted. ${noPreemption}`;
      const why = this.#binder.bindForConsumer(claim);
      if (why !== null) return why.startsWith("pod") ? `0/1 nodes are available: ${why}. ${noPreemption}` : told(why);
    }
    return null;
  }

  #refuse(pod: KubeObject, message: string): void {
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message,
      lastTransitionTime: timestamp(),
    };
    const [before] = (fieldsAt(pod, "status")["conditions"] as Record<string, unknown>[] | undefined) ?? [];
    if (before?.["message"] === message) return;
    this.#store.put(pods, { ...pod, status: { ...fieldsAt(pod, "status"), conditions: [condition] } });
    writeEvent(this.#store, pod, { type: "Warning", reason: "FailedScheduling", message, component });
  }
}

const noPreemption = "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
const told = (why: string) => `0/1 nodes are available: 1 ${why}. ${noPreemption}`;

function requested(pod: KubeObject, name: string): number {
  const status = fieldsAt(pod, "status");
  if (["Succeeded", "Failed"].includes(String(status["phase"]))) return 0;
  return podSpecOf(pod).containers.reduce(
    (sum, { resources }) => sum + (quantityOf((resources.requests ?? resources.limits)?.[name] ?? "0") ?? 0),
    0,
  );
}
