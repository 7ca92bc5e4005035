/** Tells the object the windows of its environment, from when it asks on one socket until that one closes. */
import type { DataMessage } from "../../durable-objects/protocol/data-socket.ts";
import { parseTerminalId } from "../../durable-objects/protocol/vocabulary.ts";
import type { WindowInFull } from "../../durable-objects/protocol/windows.ts";
import { RuntimeFailure } from "../runtime/runtime.ts";
import type { RelayContext } from "./context.ts";

export type WindowsMessage = Extract<DataMessage, { type: "windows" }>;

export class WindowFeed {
  readonly #terminal: string;
  readonly #context: Pick<RelayContext, "log"> & { runtime: Pick<RelayContext["runtime"], "followWindows"> };
  readonly #tell: (message: WindowsMessage) => void;
  #last: WindowsMessage | null = null;
  #isWanted = false;
  #isFollowing = false;
  #stop: (() => void) | null = null;

  constructor(terminal: string, context: RelayContext, tell: (message: WindowsMessage) => void) {
    this.#terminal = terminal;
    this.#context = context;
    this.#tell = tell;
  }

  ask(): void {
    this.#isWanted = true;
    if (this.#last !== null) this.#tell(this.#last);
    this.begin();
  }

  /** Follows if somebody has asked; tried again when there is a shell, for before the runtime may know of no windows. */
  begin(): void {
    if (this.#isWanted && !this.#isFollowing) void this.#follow();
  }

  clear(): void {
    this.#isWanted = false;
    this.#last = null;
    this.#stop?.();
    this.#stop = null;
    this.#isFollowing = false;
  }

  async #follow(): Promise<void> {
    this.#isFollowing = true;
    const { environmentId } = parseTerminalId(this.#terminal);
    try {
      const stop = await this.#context.runtime.followWindows(environmentId, (windows) => this.#pass(windows));
      if (this.#isWanted && this.#stop === null) this.#stop = stop;
      else stop();
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      this.#isFollowing = false;
      this.#context.log("debug", "windows not followed", { terminal: this.#terminal, code: error.code });
    }
  }

  #pass(windows: WindowInFull[]): void {
    if (!this.#isWanted) return;
    this.#last = { type: "windows", windows: windows.map(({ panes, ...tab }) => tab) };
    this.#tell(this.#last);
  }
}
