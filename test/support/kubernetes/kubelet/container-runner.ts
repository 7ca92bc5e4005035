/** One container's life: image, root, process, exit, back-off and again. It tells its status; the pod publishes it. */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ContainerSpec, PodSpec } from "../admission/pod-schema.ts";
import { type KubeObject, timestamp } from "../api/objects.ts";
import type { Store } from "../api/store.ts";
import { ContainerLog } from "./container-log.ts";
import { variablesOf } from "./environment.ts";
import { writeEvent } from "./events.ts";
import type { ImageSpec, Images } from "./images.ts";
import type { ContainerState, ContainerStatus, Terminated } from "./pod-status.ts";
import { makeRoot } from "./root-file-system.ts";
import { type ExitStatus, Sandbox, StartFailure } from "./sandbox.ts";
import type { Timings } from "./timings.ts";
import { cgroupDirectory } from "./usage.ts";
import { ContainerConfigFailure, mountsOf, type Volumes } from "./volumes.ts";

export interface ContainerGround {
  store: Store;
  images: Images;
  timings: Timings;
  /** The pod's directory on this machine. */
  directory: string;
  pod: KubeObject;
  spec: PodSpec;
  volumes: Volumes;
  signal: AbortSignal;
  publish(): void;
}

export class ContainerRunner {
  readonly container: ContainerSpec;
  readonly status: ContainerStatus;
  /** Of the run that is on, and of the one before. */
  log: ContainerLog | null = null;
  previousLog: ContainerLog | null = null;
  sandbox: Sandbox | null = null;
  #ground: ContainerGround | null = null;
  #attempts = 0;
  #startedAt = timestamp();
  /** Why the next exit happens, where the exit code cannot tell. */
  #doom: string | null = null;

  constructor(container: ContainerSpec, isInit: boolean, hasInit: boolean) {
    this.container = container;
    const reason = isInit || hasInit ? "PodInitializing" : "ContainerCreating";
    const { name, image } = container;
    this.status = {
      name,
      image,
      imageID: "",
      ready: false,
      started: false,
      restartCount: 0,
      state: { waiting: { reason } },
      lastState: {},
    };
  }

  /** Runs it until it is not to be started again: `isOver` decides on each exit. */
  async run(ground: ContainerGround, isOver: (code: number) => boolean): Promise<void> {
    this.#ground = ground;
    for (let failures = 0; !ground.signal.aborted; failures += 1) {
      const image = await this.#pull(ground);
      if (image === null) return;
      const code = await this.#runOnce(ground, image);
      if (code === null || isOver(code)) return;
      if (failures > 0) await this.#backOff(ground, failures);
      this.status.restartCount += 1;
    }
  }

  /** The kernel ends it for its memory: on cgroup v2 the whole container. */
  oomKill(): void {
    this.#doom = "OOMKilled";
    this.sandbox?.kill("SIGKILL");
  }

  /** TERM, and KILL when the time is over. */
  async end(graceMs: number): Promise<void> {
    const { sandbox } = this;
    if (sandbox === null || !sandbox.isRunning) return;
    sandbox.kill("SIGTERM");
    const timer = setTimeout(() => sandbox.kill("SIGKILL"), graceMs);
    await sandbox.exit;
    clearTimeout(timer);
  }

  async #pull(ground: ContainerGround): Promise<ImageSpec | null> {
    const { image, imagePullPolicy = "IfNotPresent", securityContext } = this.container;
    for (;;) {
      if (ground.signal.aborted) return null;
      const found = ground.images.pull(image, imagePullPolicy);
      if ("image" in found) {
        const user = securityContext?.runAsUser ?? ground.spec.securityContext.runAsUser ?? found.image.user ?? 0;
        const mustNotBeRoot = securityContext?.runAsNonRoot ?? ground.spec.securityContext.runAsNonRoot;
        if (user !== 0 || mustNotBeRoot !== true) return found.image;
        this.#wait(
          "CreateContainerConfigError",
          `container has runAsNonRoot and image will run as root (pod: "${ground.pod.metadata.name}_${ground.pod.metadata.namespace}(${ground.pod.metadata.uid})", container: ${this.container.name})`,
        );
      } else await this.#tellPullFailure(ground, found);
      await pause(ground.timings.pullBackOffMs, ground.signal);
    }
  }

  async #tellPullFailure(
    ground: ContainerGround,
    { reason, message }: { reason: string; message: string },
  ): Promise<void> {
    const { image } = this.container;
    const isPull = reason === "ErrImagePull";
    this.#wait(reason, message);
    this.#event("Warning", "Failed", isPull ? `Failed to pull image "${image}": ${message}` : message);
    if (!isPull) return;
    await pause(ground.timings.pullErrorMs, ground.signal);
    this.#event("Normal", "BackOff", `Back-off pulling image "${image}"`);
    this.#wait("ImagePullBackOff", `Back-off pulling image "${image}": ErrImagePull: ${message}`);
  }

  /** The exit code; null when the pod ends before the container could start. */
  async #runOnce(ground: ContainerGround, image: ImageSpec): Promise<number | null> {
    for (;;) {
      try {
        const sandbox = await this.#start(ground, image);
        return this.#exited(await sandbox.exit);
      } catch (error) {
        if (ground.signal.aborted) return null;
        if (error instanceof StartFailure) return this.#couldNotStart(error);
        if (!(error instanceof ContainerConfigFailure)) throw error;
        this.#wait("CreateContainerConfigError", error.message);
        this.#event("Warning", "Failed", `Error: ${error.message}`);
        await pause(ground.timings.pullBackOffMs, ground.signal);
      }
    }
  }

  async #start(ground: ContainerGround, image: ImageSpec): Promise<Sandbox> {
    const { container } = this;
    const { pod, spec, store } = ground;
    const user = container.securityContext?.runAsUser ?? spec.securityContext.runAsUser ?? image.user ?? 0;
    const group = container.securityContext?.runAsGroup ?? spec.securityContext.runAsGroup ?? 0;
    const env = variablesOf(store, pod, container, image);
    const cgroup = await cgroupDirectory(ground.directory, container);
    const mounts = [
      ...(await mountsOf(container, ground.volumes)),
      { source: cgroup, target: "/sys/fs/cgroup", isReadOnly: true },
    ];
    this.#attempts += 1;
    const directory = join(ground.directory, "containers", `${container.name}-${this.#attempts}`);
    const root = await makeRoot({ directory, mounts, image, isRoot: user === 0 });
    const words = container.command.length > 0 ? container.command : (image.command ?? ["/bin/sh"]);
    const command = [...words, ...container.args].map((word) =>
      word.replace(/\$\(([^)]+)\)/g, (whole, name: string) => env[name] ?? whole),
    );
    const log = new ContainerLog();
    const hostname = (spec.hostname ?? pod.metadata.name).slice(0, 63);
    if (ground.signal.aborted) throw new StartFailure("the pod ends");
    this.previousLog = this.log;
    this.log = log;
    const sandbox = await Sandbox.start(
      { ...root, hostname, directory: container.workingDir ?? "/", command, env, user, group },
      log,
    );
    this.sandbox = sandbox;
    if (ground.signal.aborted) await sandbox.destroy();
    void sandbox.exit.then(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
    this.#started();
    return sandbox;
  }

  #started(): void {
    this.#startedAt = timestamp();
    const isRunning = { running: { startedAt: this.#startedAt } };
    const containerID = `containerd://${randomBytes(32).toString("hex")}`;
    const imageID = `sha256:${Buffer.from(this.container.image).toString("hex").padEnd(64, "0").slice(0, 64)}`;
    this.#event("Normal", "Started", `Started container ${this.container.name}`);
    this.#become(isRunning, { started: true, ready: true, containerID, imageID });
  }

  #exited({ code }: ExitStatus): number {
    const reason = this.#doom ?? (code === 0 ? "Completed" : "Error");
    this.#doom = null;
    const isTold = code !== 0 && this.container.terminationMessagePolicy === "FallbackToLogsOnError";
    this.#terminated({ exitCode: code, reason, ...(isTold ? { message: this.log?.tail() ?? "" } : {}) });
    return code;
  }

  #couldNotStart(error: StartFailure): number {
    this.log?.end();
    this.#event("Warning", "Failed", `Error: ${error.message}`);
    this.#terminated({ exitCode: 128, reason: "StartError", message: error.message });
    return 128;
  }

  #terminated(how: Pick<Terminated, "exitCode" | "reason" | "message">): void {
    const containerID = this.status.containerID ?? "";
    const terminated: Terminated = { ...how, startedAt: this.#startedAt, finishedAt: timestamp(), containerID };
    this.#become({ terminated }, { ready: false, started: false });
  }

  async #backOff(ground: ContainerGround, failures: number): Promise<void> {
    const { name, namespace, uid } = ground.pod.metadata;
    const seconds = Math.min(10 * 2 ** (failures - 1), 300);
    this.#event(
      "Warning",
      "BackOff",
      `Back-off restarting failed container ${this.container.name} in pod ${name}_${namespace}(${uid})`,
    );
    this.#wait(
      "CrashLoopBackOff",
      `back-off ${seconds}s restarting failed container=${this.container.name} pod=${name}_${namespace}(${uid})`,
    );
    await pause(
      Math.min(ground.timings.crashBackOffMs * 2 ** (failures - 1), ground.timings.crashBackOffMs * 30),
      ground.signal,
    );
  }

  #wait(reason: string, message: string): void {
    this.#become({ waiting: { reason, message } }, { ready: false, started: false });
  }

  /** How the last run ended is kept beside what comes after it. */
  #become(state: ContainerState, change: Partial<ContainerStatus>): void {
    if ("terminated" in this.status.state) this.status.lastState = this.status.state;
    Object.assign(this.status, change, { state });
    this.#ground?.publish();
  }

  #event(type: "Normal" | "Warning", reason: string, message: string): void {
    const ground = this.#ground;
    if (ground !== null && !ground.signal.aborted)
      writeEvent(ground.store, ground.pod, { type, reason, message, component: "kubelet" });
  }
}

/** Waits, or until the signal says that nobody waits any more. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, milliseconds);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
