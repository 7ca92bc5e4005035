/**
 * One local environment, and the steps that bring it about: each ends what is there before anything else. They must not overlap;
 * local-runtime.ts takes them one after the other. What is remembered of it is on disk, its inside is a LocalWorkplace.
 */
import type { DesiredEnvironment, ObservedEnvironment } from "../../../durable-objects/protocol/bridge-api.ts";
import { type Restored, restoredLine, restoredMessage } from "../session/words.ts";
import { prepareFiles, removeFiles } from "./files.ts";
import { beginInstallation, installationState } from "./installation.ts";
import { LiveRecord } from "./live-record.ts";
import { logOwn, trimLog } from "./log-file.ts";
import { writeNotice } from "./notice.ts";
import { observedOf } from "./observed.ts";
import type { EnvironmentPlaces } from "./places.ts";
import { processFacts } from "./processes.ts";
import type { EnvironmentRecord, RecordedProcess } from "./record.ts";
import { shellEnvironment } from "./shell-environment.ts";
import { LocalTmux } from "./tmux.ts";
import { LocalWorkplace } from "./workplace.ts";

export interface EnvironmentSettings {
  tmuxProgram: string;
  machinePath: string;
  /** Called whenever an observation may have changed. */
  onChange: () => void;
}

export class LocalEnvironment {
  readonly workplace: LocalWorkplace;
  readonly #places: EnvironmentPlaces;
  readonly #settings: EnvironmentSettings;
  readonly #record: LiveRecord;
  readonly #tmux: LocalTmux;

  constructor(places: EnvironmentPlaces, record: EnvironmentRecord, settings: EnvironmentSettings) {
    const { tmuxProgram, machinePath, onChange } = settings;
    this.#places = places;
    this.#settings = settings;
    this.#record = new LiveRecord(places.record, record, onChange);
    this.#tmux = new LocalTmux({ program: tmuxProgram, socket: places.socket });
    this.workplace = new LocalWorkplace({ places, record: this.#record, tmux: this.#tmux, machinePath, onChange });
  }

  get logPath(): string {
    return this.#places.log;
  }

  /** Makes the environment run as desired, from nothing: what still runs of it is ended first. */
  async begin(desired: DesiredEnvironment, signal: AbortSignal): Promise<void> {
    await this.#record.during(async () => {
      try {
        await this.#begin(desired, signal);
      } catch (error) {
        await this.#record.save({ state: "up", server: null });
        throw error;
      }
    });
  }

  /** Ends every process of the environment; its files stay. */
  async stop(): Promise<void> {
    await this.#record.during(async () => {
      await this.#end({ state: "stopping" });
      await this.#record.save({ state: "down", server: null, installer: null });
      this.#log("Environment stopped");
    });
  }

  /** Ends every process and removes every file. */
  async remove(): Promise<void> {
    await this.#record.during(async () => {
      await this.workplace.session.keeper.close();
      await this.#record.save({ state: "stopping" });
      await this.workplace.clear();
      await removeFiles(this.#places);
    });
  }

  async observed(): Promise<ObservedEnvironment> {
    return await observedOf(this.#record.read(), this.#places);
  }

  /** Saves the session and lets go of the clients; the environment runs on. */
  async close(): Promise<void> {
    await this.workplace.close();
  }

  async #begin(desired: DesiredEnvironment, signal: AbortSignal): Promise<void> {
    const { generation, resources, startup_commands: commands } = desired;
    await prepareFiles(this.#places);
    await this.#end({ state: "starting", generation, resources });
    signal.throwIfAborted();
    await trimLog(this.#places.log);
    const environment = this.#shellEnvironment(desired);
    const { server, restored } = await this.#beginSession(environment, signal);
    await writeNotice(this.#places.notice, restored);
    const isComeback = this.#record.current.begunGeneration === generation;
    const installer = await this.#install(desired, environment, isComeback);
    const begun = { begunGeneration: generation, hasStartupCommands: commands.length > 0 };
    await this.#record.save({ state: "up", server, installer, ...begun, startedAt: new Date().toISOString() });
    if (restored !== null) this.#log(restoredMessage(restored));
    this.#log(isComeback ? "Environment started again after it had ended by itself" : "Environment started");
  }

  /** What people see of it is saved before it ends. */
  async #end(change: Partial<EnvironmentRecord>): Promise<void> {
    if (this.#record.current.state === "up") await this.workplace.session.keeper.save();
    await this.#record.save(change);
    await this.workplace.clear();
  }

  /** Starts the tmux server, with the windows that were saved where any were. */
  async #beginSession(
    environment: Record<string, string>,
    signal: AbortSignal,
  ): Promise<{ server: RecordedProcess; restored: Restored | null }> {
    const { session } = this.workplace;
    const restoration = await session.prepare();
    const notice = restoration === null ? undefined : restoredLine(restoration.restored);
    const shell = { workspace: this.#places.workspace, environment, opening: restoration?.first, notice };
    const pid = await this.#tmux.start(shell, signal);
    const server = { pid, startTicks: (await processFacts(pid))?.startTicks ?? 0 };
    return { server, restored: restoration && (await session.restore(restoration)) };
  }

  /** Begins the startup commands, unless this generation has them behind it. */
  async #install(
    desired: DesiredEnvironment,
    environment: Record<string, string>,
    isComeback: boolean,
  ): Promise<RecordedProcess | null> {
    if (desired.startup_commands.length === 0) return null;
    if (isComeback && !(await this.#wasInterrupted())) return this.#record.current.installer;
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
    const state = await installationState(this.#places, this.#record.current);
    return state.kind === "failed" && state.reason === "installation_interrupted";
  }

  #shellEnvironment(desired: DesiredEnvironment): Record<string, string> {
    return shellEnvironment({
      environmentId: desired.id,
      places: this.#places,
      machinePath: this.#settings.machinePath,
      variables: desired.environment_variables,
    });
  }

  #log(message: string): void {
    logOwn(this.#places.log, message);
  }
}
