/**
 * The logs of one environment as a terminal: the log so far to viewers who wait for it, then what is new. It
 * remembers the newest messages while somebody watches and nothing else.
 */
import type { LogMessage } from "../../durable-objects/protocol/client.ts";
import type { DataMessage, TerminalMessage } from "../../durable-objects/protocol/data-socket.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { parseTerminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { RuntimeFailure } from "../runtime/runtime.ts";
import type { RelayContext } from "./context.ts";
import type { DataSocket, Relay } from "./data-socket.ts";

const maxKeptMessages = 2_000;
/** A log so far that cannot be read within this time is told as it is. */
const readWithinMs = 5_000;
/** Leaves room for the frame around the messages. */
const maxPartBytes = limits.maxBridgeFrameBytes - 1_024;

export class LogRelay implements Relay {
  readonly #environmentId: string;
  readonly #context: RelayContext;
  #socket: DataSocket | null = null;
  #kept: LogMessage[] = [];
  #stopFollowing: (() => void) | null = null;
  #isFollowing = false;
  /** Resolves when the log so far has been read: what comes later is new. */
  #read: PromiseWithResolvers<void> | null = null;
  /** The newest line that there was when following began; null: not known yet. */
  #newestAtFirst: string | null = null;
  #replayTimer: NodeJS.Timeout | null = null;

  constructor(terminalId: string, context: RelayContext) {
    this.#environmentId = parseTerminalId(terminalId).environmentId;
    this.#context = context;
  }

  opened(socket: DataSocket): void {
    this.#socket = socket;
    const size = { cols: limits.defaultCols, rows: limits.defaultRows };
    const ledger = this.#context.ledger.name;
    this.#send({ type: "hello", epoch: ledger, gen: 0, seq: 0, ...size, ledger });
    void this.#follow();
  }

  closed(socket: DataSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.#unfollow();
  }

  /** The environment has changed: a log that was not there may have come. */
  changed(): void {
    if (this.#socket !== null) void this.#follow();
  }

  take(message: TerminalMessage): void {
    if (message.type !== "snapshot") return;
    if (this.#replayTimer !== null) clearTimeout(this.#replayTimer);
    this.#replayTimer = setTimeout(() => void this.#replayWhenRead(), message.after_ms ?? 0);
  }

  repeat(): void {
    this.#send({ type: "logs", messages: [] });
  }

  close(): void {
    this.#socket = null;
    this.#unfollow();
  }

  async #follow(): Promise<void> {
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    const read = Promise.withResolvers<void>();
    this.#read = read;
    try {
      const stop = await this.#context.runtime.followLogs(this.#environmentId, (messages) => this.#pass(messages));
      if (this.#socket === null) stop();
      else this.#stopFollowing = stop;
      await this.#findNewest();
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      this.#isFollowing = this.#stopFollowing !== null;
      read.resolve();
      this.#context.log("debug", "no log to follow", { environment_id: this.#environmentId, code: error.code });
    }
  }

  #unfollow(): void {
    if (this.#replayTimer !== null) clearTimeout(this.#replayTimer);
    this.#stopFollowing?.();
    this.#stopFollowing = null;
    this.#isFollowing = false;
    this.#read?.resolve();
    this.#read = null;
    this.#newestAtFirst = null;
    this.#kept = [];
  }

  /** Asks which line is the newest: when that has come, the log so far has been read. */
  async #findNewest(): Promise<void> {
    const read = this.#read;
    const { entries } = await this.#context.runtime.logs(this.#environmentId, { lines: 1 });
    if (this.#read !== read) return;
    this.#newestAtFirst = entries.at(-1)?.timestamp ?? "";
    this.#lookWhetherRead();
  }

  #lookWhetherRead(): void {
    const newest = this.#newestAtFirst;
    if (newest === null) return;
    if (newest === "" || (this.#kept.at(-1)?.timestamp ?? "") >= newest) this.#read?.resolve();
  }

  async #replayWhenRead(): Promise<void> {
    const socket = this.#socket;
    const read = this.#read?.promise ?? Promise.resolve();
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, readWithinMs);
    await Promise.race([read, timeout.promise]);
    clearTimeout(timer);
    if (this.#socket === socket) this.#replay();
  }

  #pass(messages: LogMessage[]): void {
    this.#kept = [...this.#kept, ...messages].slice(-maxKeptMessages);
    for (const part of partsOf(messages)) this.#send({ type: "logs", messages: part });
    this.#lookWhetherRead();
  }

  #replay(): void {
    const parts = partsOf(this.#kept);
    if (parts.length === 0) parts.push([]);
    parts.forEach((part, index) => {
      const replay = { begins: index === 0, ends: index === parts.length - 1 };
      this.#send({ type: "logs", messages: part, replay });
    });
  }

  #send(message: DataMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }
}

/** Parts that fit into a frame, in order. */
function partsOf(messages: readonly LogMessage[]): LogMessage[][] {
  const parts: LogMessage[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(JSON.stringify(message)) + 1;
    const last = parts.at(-1);
    if (last === undefined || bytes + size > maxPartBytes || last.length >= limits.maxLogMessages) {
      parts.push([message]);
      bytes = size;
    } else {
      last.push(message);
      bytes += size;
    }
  }
  return parts;
}
