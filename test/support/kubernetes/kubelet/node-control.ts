/** What a test lets happen to the node and its pods. */
import { fieldsAt, textAt } from "../api/objects.ts";
import { resourceOf } from "../api/resources.ts";
import type { Store } from "../api/store.ts";
import { writeEvent } from "./events.ts";
import type { Kubelet } from "./kubelet.ts";
import type { ObstacleReason, Obstacles } from "./obstacles.ts";
import type { PodRunner } from "./pod-runner.ts";
import type { Scheduler } from "./scheduler.ts";

const pods = resourceOf("pods");

export class NodeControl {
  readonly store: Store;
  readonly #kubelet: Kubelet;
  readonly #scheduler: Scheduler;

  readonly #obstacles: Obstacles;

  constructor(store: Store, kubelet: Kubelet, scheduler: Scheduler, obstacles: Obstacles) {
    this.store = store;
    this.#obstacles = obstacles;
    this.#kubelet = kubelet;
    this.#scheduler = scheduler;
  }

  /** The kernel ends the container's processes for their memory (cgroup v2: all of them): OOMKilled, exit 137. */
  oomKill(namespace: string, pod: string, container?: string): void {
    const { main } = this.#running(namespace, pod);
    const runner = main.find((each) => container === undefined || each.container.name === container);
    if (runner === undefined) throw new Error(`no container ${container} in ${pod}`);
    runner.oomKill();
  }

  /** Memory or disk runs short: the pod fails with reason Evicted. */
  async evict(namespace: string, pod: string, message = "The node was low on resource: memory. "): Promise<void> {
    await this.#running(namespace, pod).evict(message);
  }

  /** Nothing is scheduled, or again with null. */
  cordon(why: string | null = "node(s) were unschedulable"): void {
    this.#scheduler.setCordon(why);
  }

  /**
   * The node is cut off, or back: what runs there runs on, and nothing is heard of it. As the node controller does after a
   * while, its pods are no longer Ready.
   */
  setSilent(isSilent: boolean): void {
    this.#kubelet.setSilent(isSilent);
    if (!isSilent) return;
    for (const pod of this.store.list(pods)) {
      const status = fieldsAt(pod, "status");
      const conditions = (Array.isArray(status["conditions"]) ? status["conditions"] : []).map((each) =>
        textAt(each, "type") === "Ready" ? { ...fieldsAt(each), status: "False" } : each,
      );
      this.store.put(pods, { ...pod, status: { ...status, conditions } });
      writeEvent(this.store, pod, {
        type: "Warning",
        reason: "NodeNotReady",
        message: "Node is not ready",
        component: "node-controller",
      });
    }
  }

  /** New pods get no further than this, again and again, until it is null. */
  obstruct(reason: ObstacleReason, message: string | null): void {
    this.#obstacles.set(reason, message);
  }

  /** PID 1 of a container, in this machine's counting; null when it does not run. */
  pidOf(namespace: string, pod: string, container?: string): number | null {
    const all = this.#kubelet.find(namespace, pod)?.all ?? [];
    const runner = all.find((each) =>
      container === undefined ? each.sandbox?.isRunning : each.container.name === container,
    );
    return runner?.sandbox?.isRunning === true ? runner.sandbox.pid : null;
  }

  #running(namespace: string, pod: string): PodRunner {
    const runner = this.#kubelet.find(namespace, pod);
    if (runner === undefined) throw new Error(`no pod ${namespace}/${pod} on the node`);
    return runner;
  }
}
