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
import { timing } from "../../durable-objects/protocol/timing.ts";
import { Backoff } from "../backoff.ts";
import { parseJson } from "../runtime/parse-json.ts";
import { type Edge, EdgeSocket } from "../socket.ts";

/** What a data socket carries for. */
export interface Relay {
  opened(socket: DataSocket): void;
  closed(socket: DataSocket): void;
  take(message: TerminalMessage): void;
  /** Says something again that changes nothing. */
  repeat(): void;
}

export interface DataSocketEvents {
  /** Told of every frame's bytes: `in` from the edge, `out` to it. */
  onRelayed(direction: "in" | "out", bytes: number): void;
  /** Somebody has typed, or has ceased to watch. */
  onAttended(): void;
  /** It was closed by the other side, and is not dialled again. */
  onOver(): void;
}

/** A refusal comes at once; what stays open longer was welcome. */
const refusedWithinMs = 1_000;
const typedTypes: readonly TerminalMessage["type"][] = ["input", "paste", "key"];

export class DataSocket {
  readonly assignment: Assignment;
  readonly #edge: Edge;
  readonly #relay: Relay;
  readonly #events: DataSocketEvents;
  readonly #backoff = new Backoff();
  #socket: EdgeSocket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #openedAtMs: number | null = null;
  #saidAtMs = Date.now();
  #isClosed = false;
  #isOver = false;

  constructor(edge: Edge, assignment: Assignment, relay: Relay, events: DataSocketEvents) {
    this.#edge = edge;
    this.assignment = assignment;
    this.#relay = relay;
    this.#events = events;
    this.#dial();
  }

  /** Whether it is open and welcome: then somebody watches. */
  get isAttached(): boolean {
    return this.#openedAtMs !== null && Date.now() - this.#openedAtMs >= refusedWithinMs;
  }

  /**
   * Speaks up if nothing was sent for a while: a sleeping object notices only on a frame that its viewers have gone
   * without a word, and would keep this socket, and so the environment's attendance, for ever.
   */
  wake(): void {
    if (this.isAttached && Date.now() - this.#saidAtMs >= timing.dataSocketQuietMs) this.#relay.repeat();
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedBytes ?? 0;
  }

  /** Whether the other side has closed it for good. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get isOpen(): boolean {
    return this.#openedAtMs !== null;
  }

  send(frame: string | Uint8Array, onSent?: () => void): void {
    if (!this.isOpen) return;
    this.#events.onRelayed("out", typeof frame === "string" ? Buffer.byteLength(frame) : frame.length);
    this.#saidAtMs = Date.now();
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
        this.#openedAtMs = Date.now();
        this.#relay.opened(this);
      },
      onText: (text) => this.#take(text),
      onClose: (code) => this.#lost(code),
    });
  }

  /** The first word of the object shows that the assignment was accepted. */
  #take(text: string): void {
    this.#backoff.reset();
    this.#events.onRelayed("in", Buffer.byteLength(text));
    const message = terminalMessageSchema.safeParse(parseJson(text));
    if (!message.success) return;
    if (typedTypes.includes(message.data.type)) this.#events.onAttended();
    this.#relay.take(message.data);
  }

  #lost(code: number): void {
    this.#socket = null;
    if (this.isAttached) this.#events.onAttended();
    this.#openedAtMs = null;
    this.#relay.closed(this);
    if (this.#isClosed) return;
    if (!mayRetry(code)) {
      this.#isOver = true;
      this.#events.onOver();
      return;
    }
    this.#timer = setTimeout(() => this.#dial(), this.#backoff.next());
  }
}
