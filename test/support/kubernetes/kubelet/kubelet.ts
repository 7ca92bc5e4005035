/** The node: starts what is scheduled, ends what is deleted, and knows the processes behind every container. */
import { join } from "node:path";
import { fieldsAt, type KubeObject, timestamp } from "../api/objects.ts";
import { resourceOf } from "../api/resources.ts";
import type { Store } from "../api/store.ts";
import type { Images } from "./images.ts";
import type { Obstacles } from "./obstacles.ts";
import { PodRunner } from "./pod-runner.ts";
import { removeTree } from "./remove-tree.ts";
import type { Timings } from "./timings.ts";

export interface KubeletGround {
  store: Store;
  images: Images;
  timings: Timings;
  obstacles: Obstacles;
  directory: string;
  node: { name: string; cpu: string; memory: string; labels?: Readonly<Record<string, string>> | undefined };
  claimDirectory(claim: KubeObject): string;
}

const pods = resourceOf("pods");
const hostIP = "127.0.0.1";

export class Kubelet {
  readonly #ground: KubeletGround;
  readonly #runners = new Map<string, PodRunner>();
  #started = 0;
  #isClosed = false;
  /** Its processes run on, and the API server hears nothing of them and cannot reach them. */
  #isSilent = false;

  constructor(ground: KubeletGround) {
    this.#ground = ground;
    ground.store.put(resourceOf("nodes"), nodeOf(ground.node));
    ground.store.onChange(({ resource, type, object }) => {
      if (resource === pods) queueMicrotask(() => this.#look(object, type === "DELETED"));
      if (["configmaps", "secrets"].includes(resource.plural) && type === "MODIFIED") {
        for (const runner of this.#runners.values()) void runner.refreshVolumes(object);
      }
    });
  }

  /** The runner of a pod that is on the node. */
  find(namespace: string, name: string): PodRunner | undefined {
    const pod = this.#ground.store.get(pods, namespace, name);
    return pod === undefined ? undefined : this.#runners.get(pod.metadata.uid);
  }

  /** The node goes silent, or is back: then it does what it has missed. */
  setSilent(isSilent: boolean): void {
    this.#isSilent = isSilent;
    for (const runner of this.#runners.values()) runner.setSilent(isSilent);
    if (isSilent) return;
    const known = this.#ground.store.list(pods);
    for (const pod of known) this.#look(pod, false);
    for (const [uid, runner] of this.#runners)
      if (!known.some(({ metadata }) => metadata.uid === uid)) void this.#remove(uid, runner);
  }

  get isSilent(): boolean {
    return this.#isSilent;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#runners.values()].map((runner) => runner.end(0)));
    await removeTree(this.#ground.directory);
  }

  #look(pod: KubeObject, isGone: boolean): void {
    if (this.#isSilent) return;
    const { uid, deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata;
    const runner = this.#runners.get(uid);
    if (isGone) return void this.#remove(uid, runner);
    if (deletionTimestamp !== undefined) return void this.#terminate(pod, runner, deletionGracePeriodSeconds);
    if (runner === undefined && fieldsAt(pod, "spec")["nodeName"] !== undefined && !this.#isClosed) this.#start(pod);
  }

  #start(pod: KubeObject): void {
    const current = this.#ground.store.get(pods, pod.metadata.namespace, pod.metadata.name);
    if (current?.metadata.uid !== pod.metadata.uid) return;
    this.#started += 1;
    const podIP = `127.10.${(this.#started >> 8) & 255}.${this.#started & 255}`;
    const directory = join(this.#ground.directory, pod.metadata.uid);
    const { store, images, timings, obstacles, claimDirectory } = this.#ground;
    this.#runners.set(
      pod.metadata.uid,
      new PodRunner(current, {
        store,
        images,
        timings,
        obstacles,
        directory,
        claimDirectory,
        addresses: { podIP, hostIP },
      }),
    );
  }

  async #terminate(pod: KubeObject, runner: PodRunner | undefined, graceSeconds: number): Promise<void> {
    await runner?.end(graceSeconds * 1000);
    const current = this.#ground.store.get(pods, pod.metadata.namespace, pod.metadata.name);
    if (current === undefined || current.metadata.uid !== pod.metadata.uid) return;
    if ((current.metadata.finalizers ?? []).length === 0) this.#ground.store.remove(pods, current);
    else this.#ground.store.put(pods, { ...current, metadata: { ...current.metadata, deletionGracePeriodSeconds: 0 } });
  }

  async #remove(uid: string, runner: PodRunner | undefined): Promise<void> {
    await runner?.end(0);
    this.#runners.delete(uid);
  }
}

function nodeOf({ name, cpu, memory, labels }: KubeletGround["node"]): KubeObject {
  const amounts = { cpu, memory, pods: "110" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      uid: crypto.randomUUID(),
      resourceVersion: "",
      creationTimestamp: timestamp(),
      labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", ...labels },
    },
    spec: {},
    status: {
      capacity: amounts,
      allocatable: amounts,
      conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", lastTransitionTime: timestamp() }],
      addresses: [{ type: "InternalIP", address: hostIP }],
      nodeInfo: {
        kubeletVersion: "v1.36.0",
        containerRuntimeVersion: "containerd://2.1.0",
        operatingSystem: "linux",
        osImage: "fake",
      },
    },
  };
}
