/**
 * The runtime over tmux on this machine: for development, and for people who want their own computer on their
 * phone. Environments share the machine's programs, network and user; it therefore refuses to run in production.
 * Several processes may have one data directory, of which one at a time takes steps: the truth is on disk.
 */
import { readdirSync, statSync } from "node:fs";
import type { DesiredEnvironment, ObservedEnvironment } from "../../../durable-objects/protocol/bridge-api.ts";
import type { LogEntry, Readings } from "../../../durable-objects/protocol/bridge-link.ts";
import type { LogMessage } from "../../../durable-objects/protocol/client.ts";
import { environmentIdSchema } from "../../../durable-objects/protocol/vocabulary.ts";
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
import { type EnvironmentSettings, LocalEnvironment } from "./environment.ts";
import { followLog, readLog } from "./log-file.ts";
import { environmentPlaces, type Places, preparePlaces } from "./places.ts";
import { type EnvironmentRecord, readRecord } from "./record.ts";
import { findTmux } from "./tmux.ts";

/** How often it is looked for what other processes did here. */
const glanceEveryMs = 1_000;

export interface LocalSettings {
  dataDir: string;
  /** PATH inside the environments, and where tmux is looked for. */
  machinePath: string;
  isProduction: boolean;
}

export class LocalRuntime implements Runtime {
  readonly kind = "local";
  readonly maxStepsAtOnce = 4;
  readonly #places: Places;
  readonly #settings: Omit<EnvironmentSettings, "onChange">;
  readonly #environments = new Map<string, LocalEnvironment>();
  /** Steps of one environment never overlap. */
  readonly #steps = new NamedTurns();
  readonly #follows = new Follows();
  readonly #glances: NodeJS.Timeout;
  #seen = new Map<string, string>();
  #listeners: ((environmentId: string) => void)[] = [];

  /** Throws `refused` in production and `unavailable` without tmux. */
  constructor(settings: LocalSettings) {
    if (settings.isProduction) throw new RuntimeFailure("refused", "The local runtime does not run in production");
    const tmuxProgram = findTmux(settings.machinePath);
    if (tmuxProgram === null) throw new RuntimeFailure("unavailable", "tmux is not installed (or not in PATH)");
    this.#settings = { tmuxProgram, machinePath: settings.machinePath };
    this.#places = preparePlaces(settings.dataDir);
    this.#findAll();
    this.#glances = setInterval(() => this.#glance(), glanceEveryMs).unref();
  }

  observe(): Promise<ObservedEnvironment[]> {
    this.#findAll();
    return Promise.all([...this.#environments.values()].map((environment) => environment.observed()));
  }

  onChange(listener: (environmentId: string) => void): void {
    this.#listeners.push(listener);
  }

  async apply(action: Action, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case "start":
      case "restart": {
        const environment = this.#findOrOpen(action.environment);
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
    return this.#follows.begin(this.#follow(this.#find(environmentId).logPath, listener));
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
    clearInterval(this.#glances);
    this.#follows.close();
    const closed = [...this.#environments.values()].map((environment) => environment.close());
    await Promise.allSettled([...closed, this.#steps.over()]);
  }

  /** Another process may have begun environments here, or removed some. */
  #findAll(): void {
    const names = new Set(readdirSync(this.#places.environmentsDir));
    for (const name of names) if (!this.#environments.has(name)) this.#openNamed(name);
    for (const name of this.#environments.keys()) {
      if (!names.has(name) && !this.#steps.isBusy(name)) this.#environments.delete(name);
    }
  }

  #openNamed(name: string): LocalEnvironment | undefined {
    const record = environmentIdSchema.safeParse(name).success
      ? readRecord(environmentPlaces(this.#places, name).record)
      : null;
    if (record === null || record.id !== name) return undefined;
    const environment = this.#open(record);
    this.#environments.set(name, environment);
    return environment;
  }

  /** Steps of other processes are seen in what they leave on disk. Where that cannot be read, whoever asks is told. */
  #glance(): void {
    const listed = namesIn(this.#places.environmentsDir);
    if (listed === null) return;
    const seen = new Map(
      listed.map((name) => {
        const { record, installation, notice } = environmentPlaces(this.#places, name);
        return [name, [record, installation, notice].map(changedAt).join()];
      }),
    );
    const names = new Set([...seen.keys(), ...this.#seen.keys()]);
    for (const name of names) if (seen.get(name) !== this.#seen.get(name)) this.#changed(name);
    this.#seen = seen;
  }

  async #remove(environmentId: string): Promise<void> {
    await this.#environments.get(environmentId)?.remove();
    this.#environments.delete(environmentId);
    this.#changed(environmentId);
  }

  /** A log cannot be followed before its directory is there, or when the machine has no watches left. */
  #follow(path: string, listener: (messages: LogMessage[]) => void): () => void {
    try {
      return followLog(path, listener);
    } catch (error) {
      throw new RuntimeFailure("unavailable", `The log cannot be followed (${(error as NodeJS.ErrnoException).code})`);
    }
  }

  #find(environmentId: string): LocalEnvironment {
    const environment = this.#environments.get(environmentId) ?? this.#openNamed(environmentId);
    if (environment === undefined) throw new RuntimeFailure("not_found", `There is no environment ${environmentId}`);
    return environment;
  }

  #findOrOpen(desired: DesiredEnvironment): LocalEnvironment {
    const found = this.#environments.get(desired.id) ?? this.#openNamed(desired.id);
    if (found !== undefined) return found;
    const opened = this.#open({
      id: desired.id,
      generation: desired.generation,
      state: "starting",
      resources: desired.resources,
      server: null,
      installer: null,
      begunGeneration: null,
      hasStartupCommands: false,
      startedAt: null,
    });
    this.#environments.set(desired.id, opened);
    return opened;
  }

  #open(record: EnvironmentRecord): LocalEnvironment {
    const onChange = () => this.#changed(record.id);
    return new LocalEnvironment(environmentPlaces(this.#places, record.id), record, { ...this.#settings, onChange });
  }

  #changed(environmentId: string): void {
    for (const listener of this.#listeners) listener(environmentId);
  }
}

function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Null where a directory cannot be read, as when it was removed. */
function namesIn(directory: string): string[] | null {
  try {
    return readdirSync(directory);
  } catch {
    return null; // nothing can be said of what is in it
  }
}
