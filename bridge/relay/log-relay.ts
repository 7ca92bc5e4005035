/**
 * The logs of one environment as a terminal: the log so far to viewers who wait for it, then what is new. It
 * remembers the newest messages while somebody watches and nothing else.
 */
import type { LogMessage } from "../../durable-objects/protocol/client.ts";
import type { TerminalMessage } from "../../durable-objects/protocol/data-socket.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { parseTerminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { RuntimeFailure } from "../runtime/runtime.ts";
import type { RelayContext } from "./context.ts";
import type { DataSocket, Relay } from "./data-socket.ts";

const maxKeptMessages = 2_000;
const maxPartMessages = 500;
/** Leaves room for the frame around the messages. */
const maxPartBytes = limits.maxBridgeFrameBytes - 1_024;

export class LogRelay implements Relay {
  readonly #environmentId: string;
  readonly #context: RelayContext;
  #socket: DataSocket | null = null;
  #kept: LogMessage[] = [];
  #stopFollowing: (() => void) | null = null;
  #isFollowing = false;
  #replayTimer: NodeJS.Timeout | null = null;

  constructor(terminalId: string, context: RelayContext) {
    this.#environmentId = parseTerminalId(terminalId).environmentId;
    this.#context = context;
  }

  opened(socket: DataSocket): void {
    this.#socket = socket;
    const size = { cols: limits.defaultCols, rows: limits.defaultRows };
    const ledger = this.#context.ledger.name;
    socket.send(JSON.stringify({ type: "hello", epoch: ledger, gen: 0, seq: 0, ...size, ledger }));
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
    this.#replayTimer = setTimeout(() => this.#replay(), message.after_ms ?? 0);
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
    try {
      const stop = await this.#context.runtime.followLogs(this.#environmentId, (messages) => this.#pass(messages));
      if (this.#socket === null) stop();
      else this.#stopFollowing = stop;
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      this.#isFollowing = false;
      this.#context.log("debug", "no log to follow", { environment_id: this.#environmentId, code: error.code });
    }
  }

  #unfollow(): void {
    if (this.#replayTimer !== null) clearTimeout(this.#replayTimer);
    this.#stopFollowing?.();
    this.#stopFollowing = null;
    this.#isFollowing = false;
    this.#kept = [];
  }

  #pass(messages: LogMessage[]): void {
    this.#kept = [...this.#kept, ...messages].slice(-maxKeptMessages);
    for (const part of partsOf(messages)) this.#send({ type: "logs", messages: part });
  }

  #replay(): void {
    const parts = partsOf(this.#kept);
    if (parts.length === 0) parts.push([]);
    parts.forEach((part, index) => {
      const replay = { begins: index === 0, ends: index === parts.length - 1 };
      this.#send({ type: "logs", messages: part, replay });
    });
  }

  #send(message: object): void {
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
    if (last === undefined || bytes + size > maxPartBytes || last.length >= maxPartMessages) {
      parts.push([message]);
      bytes = size;
    } else {
      last.push(message);
      bytes += size;
    }
  }
  return parts;
}
