/**
 * The runtime over pods of a Kubernetes cluster, from 1.28 on. What there is, is known by watches; what is asked for, is applied
 * and then watched. Nothing that is not ours is ever touched.
 */
import type { DesiredEnvironment, ObservedEnvironment } from "../../../durable-objects/protocol/bridge-api.ts";
import type { LogEntry, Readings } from "../../../durable-objects/protocol/bridge-link.ts";
import type { LogMessage } from "../../../durable-objects/protocol/client.ts";
import type { LogDetail, LogLevel } from "../../../durable-objects/protocol/log-line.ts";
import type { WindowInFull } from "../../../durable-objects/protocol/windows.ts";
import type { EnvironmentFiles } from "../files.ts";
import { Follows } from "../follows.ts";
import { entriesOf } from "../log-entries.ts";
import {
  type Action,
  type Runtime,
  RuntimeFailure,
  type TerminalSize,
  type TerminalStream,
  type WindowChange,
  type WindowWish,
} from "../runtime.ts";
import type { ApiServer } from "./client/api-server.ts";
import { Calls } from "./client/calls.ts";
import { ClusterProblem } from "./client/problem.ts";
import { PodEnvironment } from "./environment.ts";
import { failing } from "./failures.ts";
import { readInitFiles } from "./init/files.ts";
import { compareTimes, followLog, readLog } from "./log/follow.ts";
import { messageOf } from "./log/messages.ts";
import type { InitFiles } from "./manifests/init-config.ts";
import { environmentSelector, selectorText } from "./manifests/names.ts";
import type { ManifestSettings } from "./manifests/settings.ts";
import { Observation } from "./observe/observation.ts";
import { OwnersMark } from "./owners/mark.ts";
import { OwnersNamespaces } from "./owners/namespaces.ts";
import { Steps } from "./steps.ts";

const logWithinMs = 10_000;
/** How long a new bridge may take to find out what runs, before it reports. */
const settledWithinMs = 15_000;

export interface KubernetesSettings {
  server: ApiServer;
  manifests: ManifestSettings;
  log: (level: LogLevel, msg: string, detail: LogDetail) => void;
}

export class KubernetesRuntime implements Runtime {
  readonly kind = "kubernetes";
  /** Mostly they wait for the cluster. */
  readonly maxStepsAtOnce = 16;
  readonly #settings: KubernetesSettings;
  readonly #calls: Calls;
  readonly #initFiles: InitFiles = readInitFiles();
  /** Null where all environments are in one namespace. */
  readonly #owners: OwnersNamespaces | null;
  /** Null where people have their own. */
  readonly #mark: OwnersMark | null;
  readonly #observation: Observation;
  readonly #environments = new Map<string, PodEnvironment>();
  readonly #follows = new Follows();
  #listeners: ((environmentId: string) => void)[] = [];
  #firstLook: Promise<void> | null = null;

  constructor(settings: KubernetesSettings) {
    const { server, manifests, log } = settings;
    this.#settings = settings;
    this.#calls = new Calls(server, manifests.namespacePerUser ? null : manifests.namespace);
    this.#observation = new Observation({
      calls: this.#calls,
      labelSelector: selectorText(environmentSelector(manifests)),
      settings: manifests,
      environmentOf: (id, namespace) => this.#placedIn(namespace, id),
      onStall: (id, namespace, stall) => {
        const environment = this.#environments.get(id);
        if (environment?.namespace === namespace) environment.setStall(stall);
      },
      log,
    });
    this.#owners = manifests.namespacePerUser
      ? new OwnersNamespaces({ calls: this.#calls, settings: manifests, there: () => this.#environments.values(), log })
      : null;
    this.#mark = manifests.namespacePerUser ? null : new OwnersMark({ calls: this.#calls, settings: manifests, log });
    for (const each of [this.#observation, this.#owners, this.#mark]) each?.start();
  }

  /** From what the watches know. Rejects with `unavailable` before they know anything. */
  async observe(): Promise<ObservedEnvironment[]> {
    await this.#known();
    return [...this.#environments.values()].flatMap((environment) => environment.observed() ?? []);
  }

  onChange(listener: (environmentId: string) => void): void {
    this.#listeners.push(listener);
  }

  async apply(action: Action, signal: AbortSignal): Promise<void> {
    await this.#known();
    switch (action.kind) {
      case "start":
      case "restart": {
        const step = action.kind === "restart" ? "restarting" : "starting";
        return await this.#begin(action.environment, step, signal);
      }
      case "stop":
        return await (await this.#find(action.environmentId)).stop(signal);
      case "delete":
        await this.#environments.get(action.environmentId)?.remove(signal);
        this.#changed(action.environmentId);
    }
  }

  tend(desired: readonly DesiredEnvironment[], signal: AbortSignal): void {
    if (this.#observation.isListed) this.#owners?.tend(desired, signal);
  }

  async attach(environmentId: string, window: string, size: TerminalSize | null): Promise<TerminalStream> {
    return await (await this.#up(environmentId)).workplace.attach(window, size);
  }

  async history(environmentId: string, window: string, range: { before: number; lines: number }) {
    return await (await this.#up(environmentId)).workplace.session.history(window, range);
  }

  async logs(
    environmentId: string,
    { lines, since }: { lines: number; since?: string | undefined },
  ): Promise<{ entries: LogEntry[]; hasMore: boolean }> {
    const { name, workplace } = await this.#find(environmentId);
    const { calls } = workplace.pod;
    const query = { tailLines: 2 * lines + 100, ...(since === undefined ? {} : { sinceTime: secondOf(since) }) };
    const read = await failing(() => readLog(calls, name, query, AbortSignal.timeout(logWithinMs))).catch(
      emptyIfResting,
    );
    const from = since === undefined ? null : new Date(since).toISOString();
    const wanted = read.filter(({ timestamp }) => from === null || compareTimes(timestamp, from) >= 0);
    const entries = entriesOf(wanted.flatMap((line) => messageOf(environmentId, line) ?? []));
    return { entries: entries.slice(-lines), hasMore: entries.length > lines };
  }

  async followLogs(environmentId: string, listener: (messages: LogMessage[]) => void): Promise<() => void> {
    const environment = await this.#find(environmentId);
    environment.refuseUnlessUp();
    const stopping = new AbortController();
    const stop = this.#follows.begin(() => stopping.abort());
    void followLog(environment.workplace.pod.calls, environment.name, {
      isThere: () => environment.isThere,
      onLines: (lines) => {
        const messages = lines.flatMap((line) => messageOf(environmentId, line) ?? []);
        if (messages.length > 0) listener(messages);
      },
      signal: stopping.signal,
    });
    return stop;
  }

  async windows(environmentId: string): Promise<WindowInFull[]> {
    return await (await this.#up(environmentId)).workplace.session.windows.list();
  }

  async createWindow(environmentId: string, wish: WindowWish): Promise<WindowInFull> {
    return await (await this.#up(environmentId)).workplace.session.windows.create(wish);
  }

  async changeWindow(environmentId: string, window: string, change: WindowChange): Promise<WindowInFull> {
    return await (await this.#up(environmentId)).workplace.session.windows.change(window, change);
  }

  async closeWindow(environmentId: string, window: string): Promise<void> {
    await (await this.#up(environmentId)).workplace.session.windows.close(window);
  }

  async followWindows(environmentId: string, listener: (windows: WindowInFull[]) => void): Promise<() => void> {
    return this.#follows.begin((await this.#find(environmentId)).workplace.session.followWindows(listener));
  }

  /** By programs of the pod. */
  async files(environmentId: string): Promise<EnvironmentFiles> {
    return (await this.#up(environmentId)).workplace.files;
  }

  async readings(environmentId: string): Promise<Readings> {
    return await (await this.#find(environmentId)).readings(new Date());
  }

  async lastOutput(environmentId: string): Promise<string | null> {
    const { workplace } = await this.#find(environmentId);
    return workplace.isUp ? await workplace.session.lastOutput() : null;
  }

  async close(): Promise<void> {
    this.#listeners = [];
    this.#follows.close();
    await Promise.allSettled([...this.#environments.values()].map((environment) => environment.close()));
    for (const each of [this.#observation, this.#owners, this.#mark]) each?.stop();
    this.#settings.server.close();
  }

  /** Until it is known of everything that runs already, how it is. */
  async #untilSettled(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, settledWithinMs);
    const look = () => {
      if ([...this.#environments.values()].every(({ isSettled }) => isSettled)) resolve();
    };
    this.onChange(look);
    look();
    await promise;
    clearTimeout(timer);
    this.#listeners = this.#listeners.filter((listener) => listener !== look);
  }

  /** Resolves when it is known what there is, and of what runs, how it is: what is not known is not nothing. */
  async #known(): Promise<void> {
    await this.#observation.listed();
    await this.#mark?.absent();
    this.#firstLook ??= this.#untilSettled();
    await this.#firstLook;
  }

  async #up(environmentId: string): Promise<PodEnvironment> {
    const environment = await this.#find(environmentId);
    environment.refuseUnlessUp();
    return environment;
  }

  async #find(environmentId: string): Promise<PodEnvironment> {
    await this.#known();
    const environment = this.#environments.get(environmentId);
    if (environment?.isThere) return environment;
    throw new RuntimeFailure("not_found", `There is no environment ${environmentId}`);
  }

  async #begin(desired: DesiredEnvironment, step: "starting" | "restarting", signal: AbortSignal): Promise<void> {
    const begin = async (namespace: string) => await this.#openedIn(namespace, desired.id).begin(desired, step, signal);
    if (this.#owners === null) return await begin(this.#settings.manifests.namespace);
    await this.#owners.within(desired, this.#environments.get(desired.id)?.namespace ?? null, begin, signal);
  }

  /** The environment, unless it is known to be in another namespace. */
  #placedIn(namespace: string, id: string): PodEnvironment | null {
    const found = this.#environments.get(id);
    if (found === undefined) return this.#openedIn(namespace, id);
    if (found.namespace === namespace) return found;
    this.#settings.log("warn", "an environment is in two namespaces", {
      environment_id: id,
      namespace: found.namespace,
      ignored: namespace,
    });
    return null;
  }

  #openedIn(namespace: string, id: string): PodEnvironment {
    const found = this.#environments.get(id);
    if (found !== undefined) return found;
    const calls = this.#calls.in(namespace);
    const environment: PodEnvironment = new PodEnvironment(id, {
      calls,
      namespace,
      steps: new Steps(calls, { ...this.#settings.manifests, namespace }, this.#initFiles),
      onChange: () => this.#environmentChanged(environment),
      onProblem: (error) =>
        this.#settings.log("warn", "environment in trouble", { environment_id: id, error: String(error) }),
      note: (kind, name, object) => this.#observation.note(kind, name, object, namespace),
    });
    this.#environments.set(id, environment);
    return environment;
  }

  #environmentChanged(environment: PodEnvironment): void {
    if (environment.isOver) this.#environments.delete(environment.id);
    this.#changed(environment.id);
  }

  #changed(environmentId: string): void {
    for (const listener of [...this.#listeners]) listener(environmentId);
  }
}

/** A whole second, as the API server takes it; one that is no time at all is the beginning of all. */
function secondOf(time: string): string {
  const at = Date.parse(time);
  return new Date(Number.isNaN(at) ? 0 : at).toISOString().replace(/\.\d+Z$/, "Z");
}

/** What does not run has no log, unless its container is still there. */
function emptyIfResting(error: unknown): [] {
  const isWaiting =
    error instanceof RuntimeFailure && error.cause instanceof ClusterProblem && error.cause.kind === "malformed";
  if (isWaiting || (error instanceof RuntimeFailure && error.code === "not_running")) return [];
  throw error;
}
