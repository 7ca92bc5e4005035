/**
 * The tmux clients of this bridge in one environment: one for each terminal, the newest counts. The pid of the main one is on
 * disk, so that a bridge that takes the place of a killed one detaches that one's client and nobody else's.
 */
import { writeFile } from "node:fs/promises";
import { mainWindow } from "../../../durable-objects/protocol/vocabulary.ts";
import type { TerminalSize } from "../runtime.ts";
import { mainSession, selectedPane } from "../tmux/door.ts";
import { detachClient, listClients, windowSize } from "../tmux/session.ts";
import { type ClientEvents, ClientStream } from "./client-stream.ts";
import { attachPinned } from "./pinned.ts";
import { processFacts } from "./processes.ts";
import { type RecordedProcess, readJson, recordedProcessSchema } from "./record.ts";
import { attachArguments, type LocalTmux } from "./tmux.ts";

export interface TerminalsOptions {
  tmux: LocalTmux;
  /** Where the main client's process is written down. */
  clientPath: string;
  /** How tmux calls a window; see tmux/windows.ts. */
  targetOf: (window: string) => Promise<string>;
  onRead: () => void;
  /** Somebody types in a terminal for the first time since it was attached. */
  onTyped: () => void;
  onEnd: () => void;
}

export class LocalTerminals {
  readonly #options: TerminalsOptions;
  readonly #streams = new Map<string, ClientStream>();

  constructor(options: TerminalsOptions) {
    this.#options = options;
  }

  /** Attaches our one client of a terminal; an earlier one of ours is detached, anybody else's is left alone. */
  async attach(window: string, size: TerminalSize | null): Promise<ClientStream> {
    const stream = await (window === mainWindow ? this.#attachMain(size) : this.#attachPinned(window, size));
    this.#streams.set(window, stream);
    stream.onExit(() => {
      if (this.#streams.get(window) === stream) this.#streams.delete(window);
      this.#options.onEnd();
    });
    stream.notify(this.#events());
    return stream;
  }

  /** Lets go of all of them; the session runs on. */
  close(): void {
    for (const stream of this.#streams.values()) stream.close();
  }

  #events(): ClientEvents {
    const { onRead, onTyped } = this.#options;
    let wasTyped = false;
    return {
      onRead,
      onTyped: () => {
        if (!wasTyped) onTyped();
        wasTyped = true;
      },
    };
  }

  async #attachMain(size: TerminalSize | null): Promise<ClientStream> {
    const { tmux } = this.#options;
    await this.#detachStale();
    const args = attachArguments(tmux, mainSession);
    const stream = new ClientStream(tmux, args, size ?? (await windowSize(tmux, selectedPane)));
    await this.#writeDown(stream.pid);
    return stream;
  }

  async #attachPinned(window: string, size: TerminalSize | null): Promise<ClientStream> {
    const { tmux, targetOf } = this.#options;
    return await attachPinned(tmux, window, await targetOf(window), size);
  }

  async #writeDown(pid: number): Promise<void> {
    const facts = await processFacts(pid);
    if (facts === null) return;
    const recorded: RecordedProcess = { pid, startTicks: facts.startTicks };
    await writeFile(this.#options.clientPath, JSON.stringify(recorded), { mode: 0o600 });
  }

  async #detachStale(): Promise<void> {
    const { tmux, clientPath } = this.#options;
    const stale = await readJson(clientPath, recordedProcessSchema);
    if (stale === null) return;
    const client = (await listClients(tmux)).find((each) => each.pid === stale.pid);
    if (client !== undefined) await detachClient(tmux, client.tty);
  }
}
