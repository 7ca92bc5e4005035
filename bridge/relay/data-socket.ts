/**
 * The data socket of one wanted terminal: dialled with its assignment, dialled again when it is lost, given up when
 * a newer assignment took over or nobody watches any more. What flows through it is the relay's business.
 */

import { bridgePaths } from "../../durable-objects/protocol/bridge-api.ts";
import {
  type Assignment,
  assignmentHeader,
  assignmentSecretHeader,
} from "../../durable-objects/protocol/bridge-link.ts";
import { mayRetry } from "../../durable-objects/protocol/closes.ts";
import { type TerminalMessage, terminalMessageSchema } from "../../durable-objects/protocol/data-socket.ts";
import { Backoff } from "../backoff.ts";
import { parseJson } from "../parse.ts";
import { type Edge, EdgeSocket } from "../socket.ts";

/** What a data socket carries for. */
export interface Relay {
  opened(socket: DataSocket): void;
  closed(socket: DataSocket): void;
  take(message: TerminalMessage): void;
}

/** Told of every frame's bytes: `in` from the edge, `out` to it. */
export type OnRelayed = (direction: "in" | "out", bytes: number) => void;

export class DataSocket {
  readonly assignment: Assignment;
  readonly #onRelayed: OnRelayed;
  readonly #edge: Edge;
  readonly #relay: Relay;
  readonly #backoff = new Backoff();
  #socket: EdgeSocket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;
  #isOpen = false;

  constructor(edge: Edge, assignment: Assignment, relay: Relay, onRelayed: OnRelayed) {
    this.#edge = edge;
    this.#onRelayed = onRelayed;
    this.assignment = assignment;
    this.#relay = relay;
    this.#dial();
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedBytes ?? 0;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(frame: string | Uint8Array, onSent?: () => void): void {
    if (!this.#isOpen) return;
    this.#onRelayed("out", typeof frame === "string" ? Buffer.byteLength(frame) : frame.length);
    this.#socket?.send(frame, onSent);
  }

  /** Closes it for good. */
  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #dial(): void {
    const { terminal, assignment, secret } = this.assignment;
    const path = bridgePaths.terminal + encodeURIComponent(terminal);
    const headers = { [assignmentHeader]: String(assignment), [assignmentSecretHeader]: secret };
    this.#socket = new EdgeSocket(this.#edge, path, headers, {
      onOpen: () => {
        this.#isOpen = true;
        this.#relay.opened(this);
      },
      onText: (text) => this.#take(text),
      onClose: (code) => this.#lost(code),
    });
  }

  /** The first word of the object shows that the assignment was accepted. */
  #take(text: string): void {
    this.#backoff.reset();
    this.#onRelayed("in", Buffer.byteLength(text));
    const message = terminalMessageSchema.safeParse(parseJson(text));
    if (message.success) this.#relay.take(message.data);
  }

  #lost(code: number): void {
    this.#socket = null;
    this.#isOpen = false;
    this.#relay.closed(this);
    if (this.#isClosed || !mayRetry(code)) return;
    this.#timer = setTimeout(() => this.#dial(), this.#backoff.next());
  }
}
