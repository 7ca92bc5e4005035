/**
 * The inside of an environment's pod while it runs: the session of each run of the container in turn, windows, terminals, what
 * is saved of it, what it uses.
 */
import type { Resources } from "../../../durable-objects/protocol/bridge-api.ts";
import type { Readings } from "../../../durable-objects/protocol/bridge-link.ts";
import { mainWindow } from "../../../durable-objects/protocol/vocabulary.ts";
import type { WindowInFull } from "../../../durable-objects/protocol/windows.ts";
import type { TerminalSize, TerminalStream } from "../runtime.ts";
import { SessionKeeper } from "../session/keeper.ts";
import type { Restored } from "../session/words.ts";
import { ask, selectedPane } from "../tmux/door.ts";
import { capturedHistory } from "../tmux/history.ts";
import { lastOutputAt } from "../tmux/session.ts";
import { followWindows } from "../tmux/window-watch.ts";
import { Windows } from "../tmux/windows.ts";
import type { Calls } from "./client/calls.ts";
import { failing } from "./failures.ts";
import { PodFiles } from "./files/pod-files.ts";
import type { InitState } from "./init/lines.ts";
import { objectName } from "./manifests/names.ts";
import { places } from "./manifests/places.ts";
import { Pod } from "./pod.ts";
import { PodSession } from "./session/pod-session.ts";
import { PodSessionFiles } from "./session/session-files.ts";
import { Terminals } from "./terminals/terminals.ts";
import { WindowSignals } from "./terminals/window-signals.ts";
import { PodTmux } from "./tmux-door.ts";
import { UsageReader } from "./usage/readings.ts";

/** A path has no more bytes on Linux; a longer one need not be asked about. */
const maxPathBytes = 4_095;

export interface WorkplaceOptions {
  environmentId: string;
  calls: Calls;
  /** Whether the container runs as far as is known. */
  isExpected: () => boolean;
  onChange: () => void;
  onTyped: () => void;
  onRestored: (restored: Restored) => Promise<void>;
  /** Throws `not_running` where nobody can be at work. */
  refuseUnlessUp: () => void;
  onProblem: (error: unknown) => void;
}

export class Workplace {
  readonly windows: Windows;
  readonly pod: Pod;
  readonly files: PodFiles;
  readonly #options: WorkplaceOptions;
  readonly #tmux: PodTmux;
  readonly #keeper: SessionKeeper;
  readonly #terminals: Terminals;
  readonly #signals: WindowSignals;
  #usage: UsageReader;
  #run: string | null = null;
  #session: PodSession | null = null;

  constructor(options: WorkplaceOptions) {
    this.#options = options;
    this.pod = new Pod(options.calls, objectName(options.environmentId), options.isExpected);
    this.files = new PodFiles(this.pod);
    this.#tmux = new PodTmux(this.pod);
    this.windows = new Windows({
      door: this.#tmux,
      workspace: places.workspace,
      refuseUnlessUp: async () => options.refuseUnlessUp(),
      isDirectory: (path) => this.#isDirectory(path),
    });
    this.#keeper = new SessionKeeper({
      tmux: (command, bounds) => ask(this.#tmux, command, bounds),
      files: new PodSessionFiles(this.pod),
      onUnsaved: (why) => options.onProblem(new Error(`The session could not be saved: ${why}`)),
    });
    this.#terminals = new Terminals({
      pod: this.pod,
      door: this.#tmux,
      targetOf: (window) => this.windows.target(window),
      onRead: () => this.#keeper.noteActivity(),
      onTyped: options.onTyped,
      onEnd: options.onChange,
    });
    this.#signals = new WindowSignals(this.pod);
    this.#usage = new UsageReader(this.pod);
  }

  get isUp(): boolean {
    return this.#session?.isUp ?? false;
  }

  get isSettled(): boolean {
    return this.#session?.isSettled ?? false;
  }

  get init(): InitState | null {
    return this.#session?.init ?? null;
  }

  /** The container runs, in the run of this name; null: it does not. What was open in another run is frozen or gone. */
  setRun(run: string | null): void {
    if (run === this.#run) return;
    this.#run = run;
    this.#session?.stop();
    this.#session = null;
    this.#signals.setUp(false);
    this.#terminals.abandon();
    this.#keeper.rest();
    if (run !== null) this.#begin();
  }

  async attach(window: string, size: TerminalSize | null): Promise<TerminalStream> {
    return await failing(() => this.#terminals.attach(window, size));
  }

  async history(window: string, range: { before: number; lines: number }) {
    const pane = window === mainWindow ? selectedPane : await this.windows.target(window);
    return await capturedHistory(this.#tmux, pane, range);
  }

  followWindows(listener: (windows: WindowInFull[]) => void): () => void {
    return followWindows(
      (onChange) => this.#signals.watch(onChange),
      () => this.windows.list(),
      listener,
    );
  }

  async readings(limit: Resources, startedAtMs: number | null, at: Date): Promise<Readings> {
    return await this.#usage.read(limit, startedAtMs, at);
  }

  async lastOutput(): Promise<string> {
    const lastMs = (await lastOutputAt(this.#tmux)) * 1000;
    // tmux counts whole seconds.
    this.#keeper.noteOutputAt(lastMs + 999);
    return new Date(lastMs).toISOString();
  }

  /** It is about to be ended: what it shows is saved. */
  async leave(): Promise<void> {
    if (this.isUp) await this.#keeper.save();
  }

  async close(): Promise<void> {
    this.#signals.close();
    await Promise.allSettled([this.#terminals.close(), this.#keeper.close()]);
    this.#session?.stop();
  }

  #begin(): void {
    this.#usage = new UsageReader(this.pod);
    const session: PodSession = new PodSession({
      pod: this.pod,
      door: this.#tmux,
      keeper: this.#keeper,
      onChange: () => this.#sessionChanged(session),
      onRestored: this.#options.onRestored,
      onProblem: this.#options.onProblem,
    });
    this.#session = session;
    void session.begin();
  }

  #sessionChanged(session: PodSession): void {
    if (this.#session !== session) return;
    this.#signals.setUp(session.isUp);
    this.#options.onChange();
  }

  async #isDirectory(path: string): Promise<boolean> {
    if (Buffer.byteLength(path) > maxPathBytes) return false;
    const script = '[ -d "$1" ] && [ -x "$1" ]';
    return await failing(async () => (await this.pod.script(script, [path])).exitCode === 0);
  }
}
