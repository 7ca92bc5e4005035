/** One container's life: image, root, process, exit, back-off and again. It tells its status; the pod publishes it. */
import { randomBytes } from "node:crypto";
import type { ContainerSpec } from "../admission/pod-schema.ts";
import { timestamp } from "../api/objects.ts";
import { type LaunchGround, prepareLaunch, userProblem } from "./container-launch.ts";
import { ContainerLog } from "./container-log.ts";
import { writeEvent } from "./events.ts";
import type { ImageSpec, Images } from "./images.ts";
import { pause } from "./pause.ts";
import type { ContainerState, ContainerStatus, Terminated } from "./pod-status.ts";
import { removeTree } from "./remove-tree.ts";
import { type ExitStatus, Sandbox, StartFailure } from "./sandbox.ts";
import type { Timings } from "./timings.ts";
import { ContainerConfigFailure } from "./volumes.ts";

export interface ContainerGround extends LaunchGround {
  images: Images;
  timings: Timings;
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

  /** Waits for an image that may run here; null when the pod ends before. */
  async #pull(ground: ContainerGround): Promise<ImageSpec | null> {
    const { image, imagePullPolicy = "IfNotPresent" } = this.container;
    while (!ground.signal.aborted) {
      const found = ground.images.pull(image, imagePullPolicy);
      if ("image" in found) {
        const problem = userProblem(ground, this.container, found.image);
        if (problem === null) return found.image;
        this.#wait("CreateContainerConfigError", problem);
      } else await this.#tellPullFailure(ground, found);
      await pause(ground.timings.pullBackOffMs, ground.signal);
    }
    return null;
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
    this.#attempts += 1;
    const launch = await prepareLaunch(ground, this.container, image, this.#attempts);
    if (ground.signal.aborted) throw new StartFailure("the pod ends");
    const log = new ContainerLog();
    this.previousLog = this.log;
    this.log = log;
    const sandbox = await Sandbox.start(launch.sandbox, log);
    this.sandbox = sandbox;
    if (ground.signal.aborted) await sandbox.destroy();
    void sandbox.exit.then(() => removeTree(launch.directory));
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
    const pod = `${name}_${namespace}(${uid})`;
    const factor = Math.min(2 ** (failures - 1), 30);
    const container = this.container.name;
    this.#event("Warning", "BackOff", `Back-off restarting failed container ${container} in pod ${pod}`);
    this.#wait("CrashLoopBackOff", `back-off ${10 * factor}s restarting failed container=${container} pod=${pod}`);
    await pause(ground.timings.crashBackOffMs * factor, ground.signal);
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
