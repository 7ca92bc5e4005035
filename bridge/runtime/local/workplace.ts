/**
 * Where people work in a local environment: its tmux session, the terminals on it, its files, and what its processes use. Whether
 * it runs is the record's to say, which only steps change (environment.ts).
 */
import type { Readings } from "../../../durable-objects/protocol/bridge-link.ts";
import { RuntimeFailure, type TerminalSize } from "../runtime.ts";
import { LiveSession } from "../session/live-session.ts";
import { killServer } from "../tmux/session.ts";
import type { ClientStream } from "./client-stream.ts";
import { isDirectory } from "./files.ts";
import { isServerUp, type LiveRecord } from "./live-record.ts";
import { logOwn } from "./log-file.ts";
import { LocalMeter } from "./meter.ts";
import { takeNoticeAway } from "./notice.ts";
import type { EnvironmentPlaces } from "./places.ts";
import { endProcesses, type ProcessFacts, processesIn } from "./processes.ts";
import { LocalSessionFiles } from "./session-files.ts";
import { LocalTerminals } from "./terminals.ts";
import type { LocalTmux } from "./tmux.ts";
import { watchWindows } from "./window-watch.ts";
import { LocalFiles } from "./workspace/files.ts";
import { Space } from "./workspace/space.ts";

/** How long processes have to end by themselves. */
const stopGraceMs = 1_500;

export interface WorkplaceOptions {
  places: EnvironmentPlaces;
  record: LiveRecord;
  tmux: LocalTmux;
  machinePath: string;
  onChange: () => void;
}

export class LocalWorkplace {
  readonly session: LiveSession;
  readonly #options: WorkplaceOptions;
  readonly #terminals: LocalTerminals;
  readonly #meter: LocalMeter;
  #files: LocalFiles | null = null;

  constructor(options: WorkplaceOptions) {
    const { places, tmux, onChange } = options;
    this.#options = options;
    this.session = new LiveSession({
      door: tmux,
      files: new LocalSessionFiles(places.home, places.laid),
      workspace: places.workspace,
      isDirectory,
      refuseUnlessUp: () => this.#refuseUnlessUp(),
      watchWindows: (onWindows) => watchWindows(places.ownSocketsDir, onWindows),
      onUnsaved: (why) => this.#complain(`The session could not be saved: ${why}`),
    });
    this.#terminals = new LocalTerminals({
      tmux,
      clientPath: places.client,
      targetOf: (window) => this.session.windows.target(window),
      onRead: () => this.session.keeper.noteActivity(),
      onTyped: () => this.#forgetNotice(),
      onEnd: onChange,
    });
    this.#meter = new LocalMeter(places.root, () => this.#processes());
  }

  /** Attaches our one client of a terminal; see LocalTerminals. */
  async attach(window: string, size: TerminalSize | null): Promise<ClientStream> {
    await this.#refuseUnlessUp();
    return await this.#terminals.attach(window, size);
  }

  async history(
    window: string,
    range: { before: number; lines: number },
  ): Promise<{ lines: string[]; hasMore: boolean }> {
    await this.#refuseUnlessUp();
    return await this.session.history(window, range);
  }

  /** The files of the workspace, which is there once the environment has been begun. */
  async files(): Promise<LocalFiles> {
    await this.#refuseUnlessUp();
    const { places, record, machinePath } = this.#options;
    const space = () => new Space(places.root, () => record.current.resources.storage_bytes);
    this.#files ??= new LocalFiles(places.workspace, space(), machinePath);
    return this.#files;
  }

  async readings(at: Date): Promise<Readings> {
    const record = this.#options.record.read();
    const startedAt = (await isServerUp(record)) ? new Date(record.startedAt ?? at) : null;
    return await this.#meter.read(record.resources, startedAt, at);
  }

  async lastOutput(): Promise<string | null> {
    return (await this.#isUp()) ? await this.session.lastOutput() : null;
  }

  /** Ends every process of the environment, whatever has become of it. */
  async clear(): Promise<void> {
    await killServer(this.#options.tmux);
    await endProcesses(() => this.#processes(), stopGraceMs);
    this.#meter.reset();
  }

  /** Saves the session and lets go of the clients; what runs runs on. */
  async close(): Promise<void> {
    this.#terminals.close();
    await this.session.keeper.close();
  }

  async #isUp(): Promise<boolean> {
    return await isServerUp(this.#options.record.read());
  }

  async #refuseUnlessUp(): Promise<void> {
    if (!(await this.#isUp())) throw new RuntimeFailure("not_running", "The environment is not running");
  }

  #processes(): Promise<ProcessFacts[]> {
    const { places, record } = this.#options;
    return processesIn(places, record.current.id);
  }

  /** Who types has seen what became of the session. */
  #forgetNotice(): void {
    const { places, onChange } = this.#options;
    if (takeNoticeAway(places.notice)) onChange();
  }

  /** What keeps a session from being saved may keep the log from it, too: then nobody can be told. */
  #complain(message: string): void {
    try {
      logOwn(this.#options.places.log, message);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }
}
