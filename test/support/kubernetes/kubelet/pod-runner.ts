/** One pod on the node: volumes, init containers one after another, then all containers; and its end. */
import { type PodSpec, podSpecOf } from "../admission/pod-schema.ts";
import type { KubeObject } from "../api/objects.ts";
import { resourceOf } from "../api/resources.ts";
import type { Store } from "../api/store.ts";
import { ownedBy } from "../apply/managers.ts";
import { type ContainerGround, ContainerRunner } from "./container-runner.ts";
import { writeEvent } from "./events.ts";
import type { Images } from "./images.ts";
import { Obstacle, type Obstacles, obstacleComponents } from "./obstacles.ts";
import { pause } from "./pause.ts";
import { statusOf } from "./pod-status.ts";
import { removeTree } from "./remove-tree.ts";
import type { Timings } from "./timings.ts";
import { MountFailure, prepareVolumes, projectVolume, type Volumes } from "./volumes.ts";

export interface PodGround {
  store: Store;
  images: Images;
  timings: Timings;
  obstacles: Obstacles;
  directory: string;
  addresses: { podIP: string; hostIP: string };
  claimDirectory(claim: KubeObject): string;
}

const pods = resourceOf("pods");

export class PodRunner {
  readonly uid: string;
  readonly startedAt = Date.now();
  readonly spec: PodSpec;
  readonly init: readonly ContainerRunner[];
  readonly main: readonly ContainerRunner[];
  readonly ground: PodGround;
  readonly #pod: KubeObject;
  readonly #aborter = new AbortController();
  readonly #life: Promise<void>;
  #refreshed: Promise<void> = Promise.resolve();
  #volumes: Volumes = new Map();
  #isPlaced = false;
  #failure: { reason: string; message: string } | null = null;
  #isSilent = false;
  #end: Promise<void> | null = null;

  constructor(pod: KubeObject, ground: PodGround) {
    this.#pod = pod;
    this.ground = ground;
    this.uid = pod.metadata.uid;
    this.spec = podSpecOf(pod);
    const hasInit = this.spec.initContainers.length > 0;
    this.init = this.spec.initContainers.map((each) => new ContainerRunner(each, true, hasInit));
    this.main = this.spec.containers.map((each) => new ContainerRunner(each, false, hasInit));
    this.#life = this.#run();
  }

  get all(): readonly ContainerRunner[] {
    return [...this.init, ...this.main];
  }

  /** Ends its processes gently; the second call does not wait for the first one's grace. */
  end(graceMs: number): Promise<void> {
    if (this.#end !== null && graceMs > 0) return this.#end;
    this.#aborter.abort();
    this.#end = this.#endAll(graceMs);
    return this.#end;
  }

  /** Takes it off the node, as when memory runs short. */
  async evict(message: string): Promise<void> {
    this.#failure = { reason: "Evicted", message };
    await this.end(0);
    this.#publish();
    writeEvent(this.ground.store, this.#pod, { type: "Warning", reason: "Evicted", message, component: "kubelet" });
  }

  /** Writes a changed ConfigMap or Secret into the volumes that show it, one change after the other. */
  async refreshVolumes(changed: KubeObject): Promise<void> {
    this.#refreshed = this.#refreshed.then(() => this.#refresh(changed));
    await this.#refreshed;
  }

  async #refresh({ kind, metadata }: KubeObject): Promise<void> {
    if (metadata.namespace !== this.#pod.metadata.namespace || this.#aborter.signal.aborted) return;
    for (const volume of this.spec.volumes) {
      const directory = this.#volumes.get(volume.name);
      const shown = kind === "Secret" ? volume.secret?.secretName : volume.configMap?.name;
      if (directory !== undefined && shown === metadata.name) {
        await projectVolume(this.ground, this.#pod, volume, directory).catch((error: unknown) => {
          // The directory goes with the pod.
          if (!(error instanceof MountFailure) && !this.#aborter.signal.aborted) throw error;
        });
      }
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#aborter;
    this.#publish();
    const volumes = await this.#mount();
    if (volumes === null) return;
    this.#volumes = volumes;
    this.#isPlaced = true;
    this.#publish();
    const { store, images, timings, directory } = this.ground;
    const publish = () => this.#publish();
    const ground: ContainerGround = {
      store,
      images,
      timings,
      directory,
      pod: this.#pod,
      spec: this.spec,
      volumes,
      signal,
      publish,
    };
    const { restartPolicy } = this.spec;
    for (const runner of this.init) {
      await runner.run(ground, (code) => code === 0 || restartPolicy === "Never");
      const { state } = runner.status;
      if (!("terminated" in state) || state.terminated.exitCode !== 0) return;
    }
    const isOver = (code: number) => restartPolicy === "Never" || (restartPolicy === "OnFailure" && code === 0);
    await Promise.all(this.main.map((runner) => runner.run(ground, isOver)));
  }

  async #mount(): Promise<Volumes | null> {
    const { signal } = this.#aborter;
    while (!signal.aborted) {
      try {
        this.ground.obstacles.meet();
        return await prepareVolumes(this.ground, this.#pod, this.spec);
      } catch (error) {
        if (!(error instanceof MountFailure)) throw error;
        const reason = error instanceof Obstacle ? error.reason : "FailedMount";
        const component = obstacleComponents[reason];
        writeEvent(this.ground.store, this.#pod, { type: "Warning", reason, message: error.message, component });
        await pause(this.ground.timings.pullBackOffMs, signal);
      }
    }
    return null;
  }

  async #endAll(graceMs: number): Promise<void> {
    await Promise.all(this.all.map((runner) => runner.end(graceMs)));
    await this.#life;
    await Promise.all(this.all.map((runner) => runner.sandbox?.destroy()));
    await removeTree(this.ground.directory);
  }

  /** Nothing of it reaches the API server, and then all of it at once. */
  setSilent(isSilent: boolean): void {
    this.#isSilent = isSilent;
    if (!isSilent) this.#publish();
  }

  #publish(): void {
    if (this.#isSilent) return;
    const { store, addresses } = this.ground;
    const current = store.get(pods, this.#pod.metadata.namespace, this.#pod.metadata.name);
    if (current?.metadata.uid !== this.uid) return;
    const copies = (runners: readonly ContainerRunner[]) => runners.map(({ status }) => structuredClone(status));
    const told = {
      spec: this.spec,
      init: copies(this.init),
      main: copies(this.main),
      addresses,
      failure: this.#failure,
      isPlaced: this.#isPlaced,
    };
    const after = { ...current, status: statusOf(current, told) };
    store.put(pods, ownedBy(current, after, { manager: "kubelet", subresource: "status", isForced: true }));
  }
}
