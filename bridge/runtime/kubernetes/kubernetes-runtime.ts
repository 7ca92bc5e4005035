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
import type { PodEnvironment } from "./environment.ts";
import { PodEnvironments } from "./environments.ts";
import { followMessages, readEntries } from "./log/reading.ts";
import type { ManifestSettings } from "./manifests/settings.ts";
import { OwnersMark } from "./owners/mark.ts";
import { OwnersNamespaces } from "./owners/namespaces.ts";

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
  /** Null where all environments are in one namespace. */
  readonly #owners: OwnersNamespaces | null;
  /** Null where people have their own. */
  readonly #mark: OwnersMark | null;
  readonly #environments: PodEnvironments;
  readonly #follows = new Follows();
  #listeners: ((environmentId: string) => void)[] = [];

  constructor(settings: KubernetesSettings) {
    const { server, manifests, log } = settings;
    this.#settings = settings;
    const calls = new Calls(server, manifests.namespacePerUser ? null : manifests.namespace);
    const parts = { calls, settings: manifests, log };
    this.#environments = new PodEnvironments({ ...parts, onChange: (id) => this.#changed(id) });
    const there = () => this.#environments.all();
    this.#owners = manifests.namespacePerUser ? new OwnersNamespaces({ ...parts, there }) : null;
    this.#mark = manifests.namespacePerUser ? null : new OwnersMark(parts);
    for (const each of [this.#environments, this.#owners, this.#mark]) each?.start();
  }

  /** From what the watches know. Rejects with `unavailable` before they know anything. */
  async observe(): Promise<ObservedEnvironment[]> {
    await this.#known();
    return this.#environments.all().flatMap((environment) => environment.observed() ?? []);
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
    if (this.#environments.isListed) this.#owners?.tend(desired, signal);
  }

  async attach(environmentId: string, window: string, size: TerminalSize | null): Promise<TerminalStream> {
    return await (await this.#up(environmentId)).workplace.attach(window, size);
  }

  async history(environmentId: string, window: string, range: { before: number; lines: number }) {
    return await (await this.#up(environmentId)).workplace.session.history(window, range);
  }

  async logs(
    environmentId: string,
    options: { lines: number; since?: string | undefined },
  ): Promise<{ entries: LogEntry[]; hasMore: boolean }> {
    const { workplace } = await this.#find(environmentId);
    return await readEntries(environmentId, workplace.pod, options);
  }

  async followLogs(environmentId: string, listener: (messages: LogMessage[]) => void): Promise<() => void> {
    const environment = await this.#find(environmentId);
    environment.refuseUnlessUp();
    const stopping = new AbortController();
    const stop = this.#follows.begin(() => stopping.abort());
    void followMessages(environmentId, environment.workplace.pod, {
      isThere: () => environment.isThere,
      onMessages: listener,
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
    return await (await this.#find(environmentId)).workplace.lastOutput();
  }

  async close(): Promise<void> {
    this.#listeners = [];
    this.#follows.close();
    await Promise.allSettled(this.#environments.all().map((environment) => environment.close()));
    for (const each of [this.#environments, this.#owners, this.#mark]) each?.stop();
    this.#settings.server.close();
  }

  /** Resolves when it is known what there is, and of what runs, how it is: what is not known is not nothing. */
  async #known(): Promise<void> {
    await this.#environments.listed();
    await this.#mark?.absent();
    await this.#environments.settled();
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
    const begin = async (namespace: string) =>
      await this.#environments.openedIn(namespace, desired.id).begin(desired, step, signal);
    if (this.#owners === null) return await begin(this.#settings.manifests.namespace);
    await this.#owners.within(desired, this.#environments.get(desired.id)?.namespace ?? null, begin, signal);
  }

  #changed(environmentId: string): void {
    for (const listener of this.#listeners) listener(environmentId);
  }
}
