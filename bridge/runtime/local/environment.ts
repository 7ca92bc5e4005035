/**
 * One local environment: its record, its tmux server, its processes. The steps (begin, stop, remove) must not
 * overlap; local-runtime.ts runs them one after the other.
 */
import { realpath, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { DesiredEnvironment, ObservedEnvironment } from "../../../durable-objects/protocol/bridge-api.ts";
import type { Readings } from "../../../durable-objects/protocol/bridge-link.ts";
import { mainWindow } from "../../../durable-objects/protocol/vocabulary.ts";
import type { WindowInFull } from "../../../durable-objects/protocol/windows.ts";
import { RuntimeFailure, type TerminalSize } from "../runtime.ts";
import { LiveSession } from "../session/live-session.ts";
import type { Restoration } from "../session/restoring.ts";
import { restoredLine, restoredMessage } from "../session/words.ts";
import { mainSession, selectedPane } from "../tmux/door.ts";
import { detachClient, killServer, listClients, windowSize } from "../tmux/session.ts";
import type { Windows } from "../tmux/windows.ts";
import { ClientStream } from "./client-stream.ts";
import { isDirectory, prepareFiles, removeFiles } from "./files.ts";
import { beginInstallation, type InstallationState, installationState } from "./installation.ts";
import { appendLog, trimLog } from "./log-file.ts";
import { LocalMeter } from "./meter.ts";
import { noticeSchema, takeNoticeAway, writeNotice } from "./notice.ts";
import { attachPinned } from "./pinned.ts";
import type { EnvironmentPlaces } from "./places.ts";
import {
  allProcesses,
  endProcesses,
  isSameProcess,
  type ProcessFacts,
  processesOf,
  processFacts,
} from "./processes.ts";
import {
  type EnvironmentRecord,
  type RecordedProcess,
  readJson,
  readRecord,
  recordedProcessSchema,
  writeRecord,
} from "./record.ts";
import { LocalSessionFiles } from "./session-files.ts";
import { shellEnvironment } from "./shell-environment.ts";
import { attachArguments, LocalTmux } from "./tmux.ts";
import { watchWindows } from "./window-watch.ts";
import { LocalFiles } from "./workspace/files.ts";
import { Space } from "./workspace/space.ts";

/** How long processes have to end by themselves. */
const stopGraceMs = 1_500;

export interface EnvironmentSettings {
  tmuxProgram: string;
  machinePath: string;
  /** Called whenever an observation may have changed. */
  onChange: () => void;
}

export class LocalEnvironment {
  readonly #session: LiveSession;
  readonly #places: EnvironmentPlaces;
  readonly #settings: EnvironmentSettings;
  readonly #tmux: LocalTmux;
  #record: EnvironmentRecord;
  /** Steps of this process that are under way: then the record is what they make of it. */
  #steps = 0;
  readonly #meter: LocalMeter;
  #files: LocalFiles | null = null;
  /** The newest client of each terminal. */
  readonly #streams = new Map<string, ClientStream>();

  constructor(places: EnvironmentPlaces, record: EnvironmentRecord, settings: EnvironmentSettings) {
    this.#places = places;
    this.#record = record;
    this.#settings = settings;
    this.#tmux = new LocalTmux({ program: settings.tmuxProgram, socket: places.socket });
    this.#meter = new LocalMeter(places.root, () => this.#processes());
    this.#session = new LiveSession({
      door: this.#tmux,
      files: new LocalSessionFiles(places.home, places.laid),
      workspace: places.workspace,
      isDirectory,
      refuseUnlessUp: () => this.#refuseUnlessUp(),
      watchWindows: (onChange) => watchWindows(places.ownSocketsDir, onChange),
      onUnsaved: (why) => this.#complain(`The session could not be saved: ${why}`),
    });
  }

  get windows(): Windows {
    return this.#session.windows;
  }

  get logPath(): string {
    return this.#places.log;
  }

  /** Makes the environment run as desired, from nothing: what still runs of it is ended first. */
  async begin(desired: DesiredEnvironment, signal: AbortSignal): Promise<void> {
    await this.#step(async () => {
      try {
        await this.#begin(desired, signal);
      } catch (error) {
        await this.#save({ state: "up", server: null });
        throw error;
      }
    });
  }

  async #begin(desired: DesiredEnvironment, signal: AbortSignal): Promise<void> {
    const { generation, resources } = desired;
    await prepareFiles(this.#places);
    if (this.#record.state === "up") await this.#session.keeper.save();
    await this.#save({ state: "starting", generation, resources });
    await this.#endEverything();
    signal.throwIfAborted();
    await trimLog(this.#places.log);
    const environment = this.#shellEnvironment(desired);
    const restoration = await this.#session.prepare();
    const server = await this.#startServer(environment, restoration, signal);
    const restored = restoration && (await this.#session.restore(restoration));
    await writeNotice(this.#places.notice, restored);
    const isComeback = this.#record.begunGeneration === generation;
    const installer = await this.#install(desired, environment, isComeback);
    await this.#save({
      state: "up",
      server,
      installer,
      begunGeneration: generation,
      hasStartupCommands: desired.startup_commands.length > 0,
      startedAt: new Date().toISOString(),
    });
    if (restored !== null) this.#log(restoredMessage(restored));
    this.#log(isComeback ? "Environment started again after it had ended by itself" : "Environment started");
  }

  /** Ends every process of the environment; its files stay. */
  async stop(): Promise<void> {
    await this.#step(async () => {
      if (this.#record.state === "up") await this.#session.keeper.save();
      await this.#save({ state: "stopping" });
      await this.#endEverything();
      await this.#save({ state: "down", server: null, installer: null });
      this.#log("Environment stopped");
    });
  }

  /** Ends every process and removes every file. */
  async remove(): Promise<void> {
    await this.#step(async () => {
      await this.#session.keeper.close();
      await this.#save({ state: "stopping" });
      await this.#endEverything();
      await removeFiles(this.#places);
    });
  }

  async observed(): Promise<ObservedEnvironment> {
    this.#refresh();
    const { id, generation, state } = this.#record;
    const seen = { environment_id: id, generation, status_message: null, reason: null, installation_completed: false };
    if (state === "starting") return { ...seen, phase: "provisioning" };
    if (state === "stopping") return { ...seen, phase: "stopping" };
    if (state === "down") return { ...seen, phase: "stopped" };
    if (!(await this.#isUp())) {
      return { ...seen, phase: "stopped", reason: "lost", status_message: "The environment's shell server has ended" };
    }
    const installation = await this.#installation();
    if (installation.kind === "installing") return { ...seen, phase: "installing" };
    if (installation.kind === "completed") {
      const notice = await readJson(this.#places.notice, noticeSchema);
      return { ...seen, phase: "running", installation_completed: true, ...notice };
    }
    return { ...seen, phase: "running", reason: installation.reason, status_message: installation.message };
  }

  /** Attaches our one client of a terminal; an earlier one of ours is detached, anybody else's is left alone. */
  async attach(window: string, size: TerminalSize | null): Promise<ClientStream> {
    await this.#refuseUnlessUp();
    const stream = await (window === mainWindow ? this.#attachMain(size) : this.#attachPinned(window, size));
    this.#streams.set(window, stream);
    stream.onExit(() => {
      if (this.#streams.get(window) === stream) this.#streams.delete(window);
      this.#settings.onChange();
    });
    let wasTyped = false;
    const onTyped = () => {
      if (!wasTyped) this.#forgetNotice();
      wasTyped = true;
    };
    stream.notify({ onRead: () => this.#session.keeper.noteActivity(), onTyped });
    return stream;
  }

  async history(
    window: string,
    range: { before: number; lines: number },
  ): Promise<{ lines: string[]; hasMore: boolean }> {
    await this.#refuseUnlessUp();
    return await this.#session.history(window, range);
  }

  /** Tells the windows and, until the returned function is called, what becomes of them. */
  followWindows(listener: (windows: WindowInFull[]) => void): () => void {
    return this.#session.followWindows(listener);
  }

  /** The files of the workspace, which is there once the environment has been begun. */
  async files(): Promise<LocalFiles> {
    await this.#refuseUnlessUp();
    const { root, workspace } = this.#places;
    const space = () => new Space(root, () => this.#record.resources.storage_bytes);
    this.#files ??= new LocalFiles(workspace, space(), this.#settings.machinePath);
    return this.#files;
  }

  async readings(at: Date): Promise<Readings> {
    this.#refresh();
    const { resources, state, startedAt } = this.#record;
    const isUp = state === "up" && (await this.#isUp());
    return await this.#meter.read(resources, isUp ? new Date(startedAt ?? at) : null, at);
  }

  async lastOutput(): Promise<string | null> {
    this.#refresh();
    if (this.#record.state !== "up" || !(await this.#isUp())) return null;
    return await this.#session.lastOutput();
  }

  /** Saves the session and lets go of the clients; the environment runs on. */
  async close(): Promise<void> {
    for (const stream of this.#streams.values()) stream.close();
    await this.#session.keeper.close();
  }

  async #attachMain(size: TerminalSize | null): Promise<ClientStream> {
    await this.#detachStale();
    const args = attachArguments(this.#tmux, mainSession);
    const stream = new ClientStream(this.#tmux, args, size ?? (await windowSize(this.#tmux, selectedPane)));
    const facts = await processFacts(stream.pid);
    if (facts !== null) {
      const recorded: RecordedProcess = { pid: stream.pid, startTicks: facts.startTicks };
      await writeFile(this.#places.client, JSON.stringify(recorded), { mode: 0o600 });
    }
    return stream;
  }

  async #attachPinned(window: string, size: TerminalSize | null): Promise<ClientStream> {
    return await attachPinned(this.#tmux, window, await this.windows.target(window), size);
  }

  async #startServer(
    environment: Record<string, string>,
    restoration: Restoration | null,
    signal: AbortSignal,
  ): Promise<RecordedProcess> {
    const { workspace } = this.#places;
    const opening = restoration?.first;
    const notice = restoration === null ? undefined : restoredLine(restoration.restored);
    const options = { workspace, environment, opening, notice };
    const pid = await this.#tmux.start(options, signal);
    return { pid, startTicks: (await processFacts(pid))?.startTicks ?? 0 };
  }

  /** Begins the startup commands, unless this generation has them behind it. */
  async #install(
    desired: DesiredEnvironment,
    environment: Record<string, string>,
    isComeback: boolean,
  ): Promise<RecordedProcess | null> {
    if (desired.startup_commands.length === 0) return null;
    if (isComeback && !(await this.#wasInterrupted())) return this.#record.installer;
    const task = {
      environmentId: desired.id,
      generation: desired.generation,
      commands: desired.startup_commands,
      environment,
      workspace: this.#places.workspace,
      logPath: this.#places.log,
      resultPath: this.#places.installation,
    };
    return await beginInstallation(task, this.#settings.onChange);
  }

  async #wasInterrupted(): Promise<boolean> {
    const state = await this.#installation();
    return state.kind === "failed" && state.reason === "installation_interrupted";
  }

  async #installation(): Promise<InstallationState> {
    if (!this.#record.hasStartupCommands) return { kind: "completed" };
    return await installationState(this.#places, this.#record.generation, this.#record.installer);
  }

  /** Who types has seen what became of the session. */
  #forgetNotice(): void {
    if (takeNoticeAway(this.#places.notice)) this.#settings.onChange();
  }

  /** Steps of other processes leave their record on disk. */
  #refresh(): void {
    if (this.#steps === 0) this.#record = readRecord(this.#places.record) ?? this.#record;
  }

  async #step(take: () => Promise<void>): Promise<void> {
    this.#refresh();
    this.#steps += 1;
    try {
      await take();
    } finally {
      this.#steps -= 1;
    }
  }

  async #refuseUnlessUp(): Promise<void> {
    this.#refresh();
    if (this.#record.state === "up" && (await this.#isUp())) return;
    throw new RuntimeFailure("not_running", "The environment is not running");
  }

  async #isUp(): Promise<boolean> {
    return this.#record.server !== null && (await isSameProcess(this.#record.server));
  }

  async #endEverything(): Promise<void> {
    await killServer(this.#tmux);
    await endProcesses(() => this.#processes(), stopGraceMs);
    this.#meter.reset();
  }

  async #processes(): Promise<ProcessFacts[]> {
    const { ownSocketsDir } = this.#places;
    // Its own directory may be gone already, the one around it is not.
    const root = join(await realpath(dirname(this.#places.root)), basename(this.#places.root));
    return processesOf(await allProcesses(), { environmentId: this.#record.id, ownSocketsDir, root });
  }

  async #detachStale(): Promise<void> {
    const stale = await readJson(this.#places.client, recordedProcessSchema);
    if (stale === null) return;
    const client = (await listClients(this.#tmux)).find((each) => each.pid === stale.pid);
    if (client !== undefined) await detachClient(this.#tmux, client.tty);
  }

  #shellEnvironment(desired: DesiredEnvironment): Record<string, string> {
    return shellEnvironment({
      environmentId: desired.id,
      places: this.#places,
      machinePath: this.#settings.machinePath,
      variables: desired.environment_variables,
    });
  }

  async #save(change: Partial<EnvironmentRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    await writeRecord(this.#places.record, this.#record);
    this.#settings.onChange();
  }

  /** What keeps a session from being saved may keep the log from it, too: then nobody can be told. */
  #complain(message: string): void {
    try {
      this.#log(message);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  #log(message: string): void {
    appendLog(this.#places.log, {
      type: "log",
      timestamp: new Date().toISOString(),
      level: "info",
      message,
      source: "environment",
    });
  }
}
