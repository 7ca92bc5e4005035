/**
 * The tmux session of one environment, behind whichever door its tmux is: its windows, what they have printed, and that it is
 * saved and made again. How its server begins, and how clients attach, is the runtime's that has it.
 */
import { mainWindow } from "../../../durable-objects/protocol/vocabulary.ts";
import type { WindowInFull } from "../../../durable-objects/protocol/windows.ts";
import { ask, selectedPane } from "../tmux/door.ts";
import { capturedHistory } from "../tmux/history.ts";
import { lastOutputAtSeconds, paneCommand } from "../tmux/session.ts";
import { followWindows, type WatchWindows } from "../tmux/window-watch.ts";
import { type WindowPlace, Windows } from "../tmux/windows.ts";
import type { SessionFiles } from "./files.ts";
import { SessionKeeper } from "./keeper.ts";
import { layOutSaved, makeAgain, type Restoration } from "./restoring.ts";
import type { RunTmux } from "./tmux-session.ts";
import type { Restored } from "./words.ts";

export interface LiveSessionOptions extends WindowPlace {
  files: SessionFiles;
  watchWindows: WatchWindows;
  /** The session cannot be saved; told once until it can. */
  onUnsaved: (why: string) => void;
}

export class LiveSession {
  readonly windows: Windows;
  readonly keeper: SessionKeeper;
  readonly #options: LiveSessionOptions;
  readonly #run: RunTmux;

  constructor(options: LiveSessionOptions) {
    const { door, files, onUnsaved } = options;
    this.#options = options;
    this.#run = (command, bounds) => ask(door, command, bounds);
    this.windows = new Windows(options);
    this.keeper = new SessionKeeper({ tmux: this.#run, files, onUnsaved });
  }

  /** Lays out what was saved, for a server that is about to begin; null on the very first start. */
  async prepare(): Promise<Restoration | null> {
    await this.keeper.settle();
    return await layOutSaved(this.#options.files);
  }

  /** Once the server has begun with the first window of it: makes the others; tells what there is now. */
  async restore(restoration: Restoration): Promise<Restored> {
    const { door, files } = this.#options;
    return await makeAgain(restoration, {
      run: this.#run,
      files,
      shell: (opening) => paneCommand(door.places, { opening, notice: "" }),
    });
  }

  /** Lines that have left a window's screen upwards: of all but the newest `before`, the newest `lines`. */
  async history(
    window: string,
    range: { before: number; lines: number },
  ): Promise<{ lines: string[]; hasMore: boolean }> {
    const pane = window === mainWindow ? selectedPane : await this.windows.target(window);
    return await capturedHistory(this.#options.door, pane, range);
  }

  /** Tells the windows and, until the returned function is called, what becomes of them. */
  followWindows(listener: (windows: WindowInFull[]) => void): () => void {
    return followWindows(this.#options.watchWindows, () => this.windows.list(), listener);
  }

  /** When a program in it last printed something, RFC 3339; what nobody watched is saved then, too. */
  async lastOutput(): Promise<string> {
    const lastMs = (await lastOutputAtSeconds(this.#options.door)) * 1000;
    // tmux counts whole seconds.
    this.keeper.noteOutputAt(lastMs + 999);
    return new Date(lastMs).toISOString();
  }
}
