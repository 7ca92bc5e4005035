/**
 * One socket of an environment that is dialled again until it is closed for good: pings, notices a dead line, and
 * comes back at once when the page returns to the foreground. The ticket it shows is never logged.
 */
import type { ClientMessage } from "../../../durable-objects/protocol/client.ts";
import { pingText } from "../../../durable-objects/protocol/client.ts";
import type { ClientMessage2 } from "../../../durable-objects/protocol/client-2.ts";
import { mayRetry } from "../../../durable-objects/protocol/closes.ts";
import { timing } from "../../../durable-objects/protocol/timing.ts";
import { explain, Failed, isFinal } from "../api/problem.ts";
import { listen } from "../dom.ts";
import { createRedial } from "./redial.ts";

export type Connection =
  | { kind: "connecting" }
  | { kind: "live" }
  /** Live, but what is typed waits. */
  | { kind: "lagging" }
  | { kind: "reconnecting" }
  /** Dialling again cannot help, or not by itself. */
  | { kind: "closed"; reason: string };

/** The arguments of a WebSocket; never show or log them. */
export interface SocketTarget {
  url: string;
  protocols: string[];
}

export interface LiveSocketOptions<F extends { type: string }> {
  /** Where to dial, with a ticket for this one time. Throws `Failed`. */
  target(): Promise<SocketTarget>;
  /** A socket is open, in the protocol that the server chose; nothing was sent over it yet. */
  onOpen?(protocol: string): void;
  /** The frame in a message, or null for one to ignore; `welcome` or the server's `hello` makes the line live. */
  read(data: unknown): F | null;
  onFrame(frame: F): void;
  onConnection(connection: Connection): void;
  /** Whether a ping has gone without an answer for long. */
  onSilence?(isSilent: boolean): void;
  /** Ends the socket for good. */
  signal: AbortSignal;
}

export interface LiveSocket {
  /** False when no socket is open: nothing was sent and nothing is kept for later. */
  send(message: ClientMessage | ClientMessage2): boolean;
  /** Asks whether the line still lives. */
  probe(): void;
  /** So many sockets are at the terminal now: after a cut they do not all dial at once. */
  among(sockets: number): void;
  /** Leaves this socket for another one. */
  redial(): void;
  /** Dials again after a close for good. */
  reopen(): void;
}

/** How long an answer to a ping may take before the line counts as dead. */
const pongWithinMs = 8_000;
/** How long it may take before people are told. */
const pongSlowMs = 2_000;

export function openLiveSocket<F extends { type: string }>(options: LiveSocketOptions<F>): LiveSocket {
  const redial = createRedial(() => void dial(), Math.random);
  let socket: WebSocket | null = null;
  let isLive = false;
  let isAsleep = false;
  let dials = 0;
  let pongDeadline: ReturnType<typeof setTimeout> | undefined;
  let pongSlow: ReturnType<typeof setTimeout> | undefined;

  async function dial(): Promise<void> {
    const number = ++dials;
    // A hidden page stays away, so that a phone in a pocket wakes nobody; it dials when it is seen again.
    isAsleep = document.hidden;
    if (isAsleep) return;
    try {
      const { url, protocols } = await options.target();
      if (number === dials && !options.signal.aborted) attach(new WebSocket(url, protocols));
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      if (number === dials) fail(error);
    }
  }

  function fail(error: Failed): void {
    if (isFinal(error.failure)) settle({ kind: "closed", reason: explain(error.failure) });
    else lost();
  }

  function attach(next: WebSocket): void {
    socket = next;
    next.onopen = () => socket === next && options.onOpen?.(next.protocol);
    next.onmessage = ({ data }) => socket === next && receive(data);
    next.onclose = ({ code, reason }) => socket === next && closed(code, reason);
  }

  function receive(data: unknown): void {
    heard();
    const frame = options.read(data);
    if (frame === null) return;
    if (!isLive && (frame.type === "welcome" || frame.type === "hello")) {
      redial.held();
      settle({ kind: "live" });
      // The platform cuts a closed line at once only if a frame has come over it; else after seconds.
      probe();
    }
    options.onFrame(frame);
  }

  function heard(): void {
    clearTimeout(pongDeadline);
    clearTimeout(pongSlow);
    options.onSilence?.(false);
  }

  function closed(code: number, reason: string): void {
    socket = null;
    if (mayRetry(code)) lost();
    else settle({ kind: "closed", reason: reason === "" ? "Closed by the server" : reason });
  }

  function lost(): void {
    socket = null;
    if (options.signal.aborted) return;
    settle({ kind: "reconnecting" });
    redial.lost();
  }

  function settle(connection: Connection): void {
    isLive = connection.kind === "live";
    if (!isLive) heard();
    options.onConnection(connection);
  }

  /** Asks whether the line still lives; a phone that slept often holds a socket that does not know it is dead. */
  function probe(): void {
    if (!isLive || socket === null) return;
    const probed = socket;
    socket.send(pingText);
    clearTimeout(pongDeadline);
    clearTimeout(pongSlow);
    pongSlow = setTimeout(() => options.onSilence?.(true), pongSlowMs);
    pongDeadline = setTimeout(() => socket === probed && leave(probed), pongWithinMs);
  }

  /** Does not wait for the other side to agree, which may be gone. */
  function leave(left: WebSocket): void {
    left.onclose = null;
    left.close();
    lost();
  }

  function wake(): void {
    if (document.hidden) return;
    if (isAsleep) void dial();
    else redial.hurry();
    probe();
  }

  const pings = setInterval(probe, timing.clientPingEveryMs);
  listen(document, ["visibilitychange"], options.signal, wake);
  listen(window, ["online", "pageshow", "focus"], options.signal, wake);
  options.signal.addEventListener("abort", () => {
    clearInterval(pings);
    clearTimeout(pongDeadline);
    clearTimeout(pongSlow);
    redial.stop();
    socket?.close();
  });
  options.onConnection({ kind: "connecting" });
  void dial();

  return {
    send(message) {
      if (socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
    probe,
    among: redial.among,
    redial() {
      if (socket !== null) leave(socket);
    },
    reopen() {
      options.onConnection({ kind: "connecting" });
      void dial();
    },
  };
}
