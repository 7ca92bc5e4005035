/**
 * One socket of an environment that is dialled again until it is closed for good: pings, notices a dead line, and
 * comes back at once when the page returns to the foreground. The ticket it shows is never logged.
 */
import type { ClientMessage } from "../../../durable-objects/protocol/client.ts";
import { pingText } from "../../../durable-objects/protocol/client.ts";
import { mayRetry } from "../../../durable-objects/protocol/closes.ts";
import { timing } from "../../../durable-objects/protocol/timing.ts";
import { explain, Failed, isFinal } from "../api/problem.ts";
import { listen } from "../dom.ts";
import { type Frame, readFrame } from "./frames.ts";
import { createRedial } from "./redial.ts";

export type Connection =
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "reconnecting" }
  /** Dialling again cannot help, or not by itself. */
  | { kind: "closed"; reason: string };

/** The arguments of a WebSocket; never show or log them. */
export interface SocketTarget {
  url: string;
  protocols: string[];
}

export interface LiveSocketOptions {
  /** Where to dial, with a ticket for this one time. Throws `Failed`. */
  target(): Promise<SocketTarget>;
  onFrame(frame: Frame): void;
  onConnection(connection: Connection): void;
  /** Ends the socket for good. */
  signal: AbortSignal;
}

export interface LiveSocket {
  /** False when the line is not live: nothing was sent and nothing is kept for later. */
  send(message: ClientMessage): boolean;
  /** Dials again after a close for good. */
  reopen(): void;
}

/** How long an answer to a ping may take before the line counts as dead. */
const pongWithinMs = 8_000;

export function openLiveSocket(options: LiveSocketOptions): LiveSocket {
  const redial = createRedial(() => void dial(), Math.random);
  let socket: WebSocket | null = null;
  let isLive = false;
  let isAsleep = false;
  let dials = 0;
  let pongDeadline: ReturnType<typeof setTimeout> | undefined;

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
    next.onmessage = ({ data }) => socket === next && receive(data);
    next.onclose = ({ code, reason }) => socket === next && closed(code, reason);
  }

  function receive(data: unknown): void {
    clearTimeout(pongDeadline);
    const frame = readFrame(data);
    if (frame === null) return;
    if (frame.type === "welcome") {
      redial.held();
      settle({ kind: "live" });
      // The platform cuts a closed line at once only if a frame has come over it; else after seconds.
      probe();
    }
    options.onFrame(frame);
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
    if (!isLive) clearTimeout(pongDeadline);
    options.onConnection(connection);
  }

  /** Asks whether the line still lives; a phone that slept often holds a socket that does not know it is dead. */
  function probe(): void {
    if (!isLive || socket === null) return;
    const probed = socket;
    socket.send(pingText);
    clearTimeout(pongDeadline);
    pongDeadline = setTimeout(() => {
      probed.onclose = null;
      probed.close();
      if (socket === probed) lost();
    }, pongWithinMs);
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
    redial.stop();
    socket?.close();
  });
  options.onConnection({ kind: "connecting" });
  void dial();

  return {
    send(message) {
      if (!isLive) return false;
      socket?.send(JSON.stringify(message));
      return true;
    },
    reopen() {
      options.onConnection({ kind: "connecting" });
      void dial();
    },
  };
}
