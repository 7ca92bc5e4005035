/**
 * The inside of an environment's pod while it runs: the session, which is found or begun anew in each run of the container, the
 * terminals on it, files, what it uses. Nothing of it outlives a run but what is saved.
 */
import type { Resources } from "../../../durable-objects/protocol/bridge-api.ts";
import type { Readings } from "../../../durable-objects/protocol/bridge-link.ts";
import type { TerminalSize, TerminalStream } from "../runtime.ts";
import { LiveSession } from "../session/live-session.ts";
import type { Restored } from "../session/words.ts";
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
  readonly session: LiveSession;
  readonly pod: Pod;
  readonly files: PodFiles;
  readonly #options: WorkplaceOptions;
  readonly #tmux: PodTmux;
  readonly #terminals: Terminals;
  readonly #signals: WindowSignals;
  #usage: UsageReader;
  #run: string | null = null;
  #inRun: PodSession | null = null;

  constructor(options: WorkplaceOptions) {
    this.#options = options;
    this.pod = new Pod(options.calls, objectName(options.environmentId), options.isExpected);
    this.files = new PodFiles(this.pod);
    this.#tmux = new PodTmux(this.pod);
    this.#signals = new WindowSignals(this.pod);
    this.session = new LiveSession({
      door: this.#tmux,
      files: new PodSessionFiles(this.pod),
      workspace: places.workspace,
      refuseUnlessUp: async () => options.refuseUnlessUp(),
      isDirectory: (path) => this.#isDirectory(path),
      watchWindows: (onChange) => this.#signals.watch(onChange),
      onUnsaved: (why) => options.onProblem(new Error(`The session could not be saved: ${why}`)),
    });
    this.#terminals = new Terminals({
      pod: this.pod,
      door: this.#tmux,
      targetOf: (window) => this.session.windows.target(window),
      onRead: () => this.session.keeper.noteActivity(),
      onTyped: options.onTyped,
      onEnd: options.onChange,
    });
    this.#usage = new UsageReader(this.pod);
  }

  get isUp(): boolean {
    return this.#inRun?.isUp ?? false;
  }

  get isSettled(): boolean {
    return this.#inRun?.isSettled ?? false;
  }

  get init(): InitState | null {
    return this.#inRun?.init ?? null;
  }

  /** The container runs, in the run of this name; null: it does not. What was open in another run is frozen or gone. */
  setRun(run: string | null): void {
    if (run === this.#run) return;
    this.#run = run;
    this.#inRun?.stop();
    this.#inRun = null;
    this.#signals.setUp(false);
    this.#terminals.abandon();
    this.session.keeper.rest();
    if (run !== null) this.#begin();
  }

  async attach(window: string, size: TerminalSize | null): Promise<TerminalStream> {
    return await failing(() => this.#terminals.attach(window, size));
  }

  async readings(limit: Resources, startedAtMs: number | null, at: Date): Promise<Readings> {
    return await this.#usage.read(limit, startedAtMs, at);
  }

  async lastOutput(): Promise<string | null> {
    return this.isUp ? await this.session.lastOutput() : null;
  }

  /** It is about to be ended: what it shows is saved. */
  async leave(): Promise<void> {
    if (this.isUp) await this.session.keeper.save();
  }

  async close(): Promise<void> {
    this.#signals.close();
    await Promise.allSettled([this.#terminals.close(), this.session.keeper.close()]);
    this.#inRun?.stop();
  }

  #begin(): void {
    this.#usage = new UsageReader(this.pod);
    const inRun: PodSession = new PodSession({
      pod: this.pod,
      door: this.#tmux,
      session: this.session,
      onChange: () => this.#sessionChanged(inRun),
      onRestored: this.#options.onRestored,
      onProblem: this.#options.onProblem,
    });
    this.#inRun = inRun;
    void inRun.begin();
  }

  #sessionChanged(inRun: PodSession): void {
    if (this.#inRun !== inRun) return;
    this.#signals.setUp(inRun.isUp);
    this.#options.onChange();
  }

  async #isDirectory(path: string): Promise<boolean> {
    if (Buffer.byteLength(path) > maxPathBytes) return false;
    const script = '[ -d "$1" ] && [ -x "$1" ]';
    return await failing(async () => (await this.pod.script(script, [path])).exitCode === 0);
  }
}
