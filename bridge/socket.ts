/**
 * One WebSocket to the edge, dialled from here: asks for our protocol, shows the token, and notices a dead peer by
 * its silence. Dialling again is the caller's decision (backoff.ts); the token never reaches a log line.
 */
import { WebSocket } from "ws";
import { bridgeIdHeader, bridgeProtocol } from "../durable-objects/protocol/bridge-link.ts";
import { pingText, pongText } from "../durable-objects/protocol/client.ts";
import { closes } from "../durable-objects/protocol/closes.ts";
import { timing } from "../durable-objects/protocol/timing.ts";
import { type Moment, thisMoment } from "./lease.ts";

export interface Edge {
  /** Of the edge, `http(s)://host[:port]`. */
  url: string;
  token: string;
  bridgeId: string;
}

export interface SocketEvents {
  onOpen(): void;
  onText(text: string): void;
  /** A ping that was sent at that moment has been answered. */
  onAnswered?(sentAt: Moment): void;
  /** Called once, also for a dial that failed. `code` is the close code, or the HTTP status of a refused upgrade. */
  onClose(code: number, reason: string): void;
}

/** How often a socket pings, and after how long without an answer it is dead. */
export interface Pace {
  pingEveryMs: number;
  silentAfterMs: number;
}

const dataPace: Pace = { pingEveryMs: timing.bridgePingEveryMs, silentAfterMs: timing.bridgeSilentAfterMs };
const handshakeMs = 10_000;

export class EdgeSocket {
  readonly #socket: WebSocket;
  readonly #events: SocketEvents;
  readonly #pace: Pace;
  #pinger: NodeJS.Timeout | null = null;
  /** How many pings in a row nothing has answered. */
  #unanswered = 0;
  /** When those were sent whose pong has not come. */
  readonly #sent: Moment[] = [];
  #isOver = false;

  constructor(edge: Edge, path: string, headers: Record<string, string>, events: SocketEvents, pace: Pace = dataPace) {
    this.#events = events;
    this.#pace = pace;
    const url = new URL(path, edge.url.replace(/^http/, "ws"));
    this.#socket = new WebSocket(url, [bridgeProtocol], {
      headers: { ...headers, [bridgeIdHeader]: edge.bridgeId, authorization: `Bearer ${edge.token}` },
      handshakeTimeout: handshakeMs,
      perMessageDeflate: false,
    });
    this.#listen();
  }

  /** Bytes that were sent but have not left this process. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Sends a frame; `onSent` is called when it has left this process. Nothing is sent before it is open. */
  send(frame: string | Uint8Array, onSent?: () => void): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame, () => onSent?.());
  }

  close(): void {
    this.#finish(closes.finished.code, closes.finished.reason);
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close(closes.finished.code);
    else this.#socket.terminate();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("open", () => {
      this.#pinger = setInterval(() => this.#ping(), this.#pace.pingEveryMs);
      this.#events.onOpen();
    });
    socket.on("message", (data, isBinary) => {
      this.#unanswered = 0;
      if (isBinary || this.#isOver) return;
      const text = data.toString();
      if (text === pongText) this.#pong();
      else this.#events.onText(text);
    });
    socket.on("unexpected-response", (_request, response) => {
      response.resume();
      this.#finish(response.statusCode ?? 0, "upgrade refused");
      socket.terminate();
    });
    socket.on("error", (error) => this.#finish(0, error.message));
    socket.on("close", (code, reason) => this.#finish(code, reason.toString()));
  }

  /** Counts its own ticks instead of reading a clock: after a freeze of this process the peer gets its chance. */
  #ping(): void {
    if (this.#unanswered >= Math.ceil(this.#pace.silentAfterMs / this.#pace.pingEveryMs)) {
      this.#finish(closes.silent.code, closes.silent.reason);
      this.#socket.terminate();
      return;
    }
    this.#unanswered += 1;
    this.#sent.push(thisMoment());
    this.send(pingText);
  }

  /** Pings are answered in their order. */
  #pong(): void {
    const sentAt = this.#sent.shift();
    if (sentAt !== undefined) this.#events.onAnswered?.(sentAt);
  }

  #finish(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#pinger !== null) clearInterval(this.#pinger);
    this.#events.onClose(code, reason);
  }
}
