/**
 * The runtime over tmux on this machine: for development, and for people who want their own computer on their
 * phone. Environments share the machine's programs, network and user; it therefore refuses to run in production.
 * Several processes may have one data directory, of which one at a time takes steps: the truth is on disk.
 */
import type { ObservedEnvironment } from "../../../durable-objects/protocol/bridge-api.ts";
import type { LogEntry, Readings } from "../../../durable-objects/protocol/bridge-link.ts";
import type { LogMessage } from "../../../durable-objects/protocol/client.ts";
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
import { NamedTurns } from "../turns.ts";
import type { LocalEnvironment } from "./environment.ts";
import { LocalEnvironments } from "./environments.ts";
import { Glances } from "./glances.ts";
import { followLog, readLog } from "./log-file.ts";
import { preparePlaces } from "./places.ts";
import { findTmux } from "./tmux.ts";

export interface LocalSettings {
  dataDir: string;
  /** PATH inside the environments, and where tmux is looked for. */
  machinePath: string;
  isProduction: boolean;
}

export class LocalRuntime implements Runtime {
  readonly kind = "local";
  readonly maxStepsAtOnce = 4;
  readonly #environments: LocalEnvironments;
  /** Steps of one environment never overlap. */
  readonly #steps = new NamedTurns();
  readonly #follows = new Follows();
  readonly #glances: Glances;
  #listeners: ((environmentId: string) => void)[] = [];

  /** Throws `refused` in production and `unavailable` without tmux. */
  constructor(settings: LocalSettings) {
    if (settings.isProduction) throw new RuntimeFailure("refused", "The local runtime does not run in production");
    const tmuxProgram = findTmux(settings.machinePath);
    if (tmuxProgram === null) throw new RuntimeFailure("unavailable", "tmux is not installed (or not in PATH)");
    const places = preparePlaces(settings.dataDir);
    const onChange = (environmentId: string) => this.#changed(environmentId);
    const isBusy = (environmentId: string) => this.#steps.isBusy(environmentId);
    const { machinePath } = settings;
    this.#environments = new LocalEnvironments({ places, tmuxProgram, machinePath, isBusy, onChange });
    this.#environments.all();
    this.#glances = new Glances(places, onChange);
  }

  observe(): Promise<ObservedEnvironment[]> {
    return Promise.all(this.#environments.all().map((environment) => environment.observed()));
  }

  onChange(listener: (environmentId: string) => void): void {
    this.#listeners.push(listener);
  }

  async apply(action: Action, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case "start":
      case "restart": {
        const environment = this.#environments.findOrOpen(action.environment);
        return await this.#steps.take(action.environment.id, () => environment.begin(action.environment, signal));
      }
      case "stop":
        return await this.#steps.take(action.environmentId, () => this.#find(action.environmentId).stop());
      case "delete":
        return await this.#steps.take(action.environmentId, () => this.#remove(action.environmentId));
    }
  }

  async attach(environmentId: string, window: string, size: TerminalSize | null): Promise<TerminalStream> {
    return await this.#find(environmentId).workplace.attach(window, size);
  }

  async history(
    environmentId: string,
    window: string,
    range: { before: number; lines: number },
  ): Promise<{ lines: string[]; hasMore: boolean }> {
    return await this.#find(environmentId).workplace.history(window, range);
  }

  async logs(
    environmentId: string,
    options: { lines: number; since?: string | undefined },
  ): Promise<{ entries: LogEntry[]; hasMore: boolean }> {
    const since = options.since === undefined ? 0 : Date.parse(options.since);
    const all = entriesOf(await readLog(this.#find(environmentId).logPath));
    const wanted = all.filter((entry) => Date.parse(entry.timestamp) >= since);
    return { entries: wanted.slice(-options.lines), hasMore: wanted.length > options.lines };
  }

  async followLogs(environmentId: string, listener: (messages: LogMessage[]) => void): Promise<() => void> {
    return this.#follows.begin(followLog(this.#find(environmentId).logPath, listener));
  }

  async windows(environmentId: string): Promise<WindowInFull[]> {
    return await this.#find(environmentId).workplace.session.windows.list();
  }

  async createWindow(environmentId: string, wish: WindowWish): Promise<WindowInFull> {
    return await this.#find(environmentId).workplace.session.windows.create(wish);
  }

  async changeWindow(environmentId: string, window: string, change: WindowChange): Promise<WindowInFull> {
    return await this.#find(environmentId).workplace.session.windows.change(window, change);
  }

  async closeWindow(environmentId: string, window: string): Promise<void> {
    await this.#find(environmentId).workplace.session.windows.close(window);
  }

  async followWindows(environmentId: string, listener: (windows: WindowInFull[]) => void): Promise<() => void> {
    return this.#follows.begin(this.#find(environmentId).workplace.session.followWindows(listener));
  }

  async files(environmentId: string): Promise<EnvironmentFiles> {
    return await this.#find(environmentId).workplace.files();
  }

  async readings(environmentId: string): Promise<Readings> {
    return await this.#find(environmentId).workplace.readings(new Date());
  }

  async lastOutput(environmentId: string): Promise<string | null> {
    return await this.#find(environmentId).workplace.lastOutput();
  }

  async close(): Promise<void> {
    this.#listeners = [];
    this.#glances.close();
    this.#follows.close();
    const closed = this.#environments.opened().map((environment) => environment.close());
    await Promise.allSettled([...closed, this.#steps.over()]);
  }

  async #remove(environmentId: string): Promise<void> {
    await this.#environments.find(environmentId)?.remove();
    this.#environments.forget(environmentId);
    this.#changed(environmentId);
  }

  #find(environmentId: string): LocalEnvironment {
    const environment = this.#environments.find(environmentId);
    if (environment === undefined) throw new RuntimeFailure("not_found", `There is no environment ${environmentId}`);
    return environment;
  }

  #changed(environmentId: string): void {
    for (const listener of this.#listeners) listener(environmentId);
  }
}
