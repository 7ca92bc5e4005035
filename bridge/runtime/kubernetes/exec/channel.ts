/**
 * One program in a container over a WebSocket (v5.channel.k8s.io, or v4 on servers before 1.30). The first byte of a frame
 * says which stream its other bytes belong to. Bytes stay bytes: a frame may end within a character. The end is the socket's
 * `close` and nothing else: a status may be missing, and closing the socket ends no program.
 */

import type WebSocket from "ws";
import type { RawData } from "ws";
import { z } from "zod";
import { parseJson } from "../../parse-json.ts";
import type { Calls } from "../client/calls.ts";
import { isUpgradeRefused } from "../client/problem.ts";

const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
const streams = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;
/** One frame of 32 MiB would end the connection; small ones leave room for a resize in between. */
const maxFrameBytes = 65_536;

export interface Program {
  pod: string;
  container: string;
  /** The program and its arguments, no shell's text. */
  command: readonly string[];
  tty: boolean;
  stdin: boolean;
}

export type ExecEnd =
  /** The program ended, or its client was told so: "success" also comes when the container's runtime is restarted. */
  | { kind: "ended"; exitCode: number }
  /** It could not be started. */
  | { kind: "failed"; message: string }
  /** The node would not have it, as `status` 404 or 500 says elsewhere before the handshake: nothing was started. */
  | { kind: "refused"; message: string }
  /** The connection ended and nothing was said of the program. */
  | { kind: "lost" };

const statusSchema = z.object({
  status: z.string(),
  message: z.string().optional(),
  details: z
    .object({ causes: z.array(z.object({ reason: z.string().optional(), message: z.string().optional() })).optional() })
    .optional(),
});

export interface ChannelEvents {
  onOutput(bytes: Buffer, stream: "stdout" | "stderr"): void;
  /** Once, after all output. */
  onEnd(end: ExecEnd): void;
  /** A frame, ping or pong has come. */
  onHeard?(): void;
}

export class ExecChannel {
  readonly #socket: WebSocket;
  readonly #events: ChannelEvents;
  #end: ExecEnd = { kind: "lost" };

  /** The socket is paused, so that nothing comes before somebody listens. */
  constructor(socket: WebSocket, events: ChannelEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on("message", (data) => this.#take(bytesOf(data)));
    socket.on("pong", () => events.onHeard?.());
    socket.once("close", () => events.onEnd(this.#end));
    socket.resume();
  }

  /** Whether the end of input can be said: v4 would close the socket and lose the status. */
  get canEndInput(): boolean {
    return this.#socket.protocol === protocols[0];
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  get isPaused(): boolean {
    return this.#socket.isPaused;
  }

  /** Bytes that are not yet handed to the network. */
  get pendingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Resolves when the bytes were handed to the network, or never will be. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += maxFrameBytes) {
      await this.#send(streams.stdin, bytes.subarray(start, start + maxFrameBytes));
    }
  }

  /** An empty frame of data: pings do not reset the server's idle timer, data does. */
  keepAlive(): void {
    void this.#send(streams.stdin, new Uint8Array());
  }

  ping(): void {
    if (this.isOpen) this.#socket.ping();
  }

  /** The caller has made sure that both are whole numbers 1..1000. */
  resize({ cols, rows }: { cols: number; rows: number }): void {
    void this.#send(streams.resize, Buffer.from(JSON.stringify({ Width: cols, Height: rows })));
  }

  /** Says that there is no more input; false where that cannot be said. */
  endInput(): boolean {
    if (this.canEndInput) void this.#send(streams.close, Uint8Array.of(streams.stdin));
    return this.canEndInput;
  }

  /** The program's output stops at its source, and nothing else is heard either, not even the end. */
  pause(): void {
    if (this.isOpen) this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Lets go of the connection. The program goes on. */
  close(): void {
    this.#socket.resume();
    this.#socket.terminate();
  }

  #send(stream: number, bytes: Uint8Array): Promise<void> {
    if (!this.isOpen) return Promise.resolve();
    const frame = Buffer.allocUnsafe(bytes.length + 1);
    frame[0] = stream;
    frame.set(bytes, 1);
    return new Promise((resolve) => this.#socket.send(frame, () => resolve()));
  }

  #take(frame: Buffer): void {
    this.#events.onHeard?.();
    const bytes = frame.subarray(1);
    if (frame[0] === streams.status) this.#end = endOf(bytes.toString());
    else if (bytes.length > 0 && frame[0] === streams.stdout) this.#events.onOutput(bytes, "stdout");
    else if (bytes.length > 0 && frame[0] === streams.stderr) this.#events.onOutput(bytes, "stderr");
  }
}

/** Starts a program; rejects with a ClusterProblem: not_found where there is no such pod, unavailable where none runs. */
export async function openChannel(
  calls: Calls,
  { pod, container, command, tty, stdin }: Program,
  events: ChannelEvents,
  signal: AbortSignal,
): Promise<ExecChannel> {
  const query = { command, container, stdin, stdout: true, stderr: !tty, tty };
  return new ExecChannel(await calls.exec(pod, query, protocols, signal), events);
}

function endOf(text: string): ExecEnd {
  const { success, data } = statusSchema.safeParse(parseJson(text));
  if (!success) return { kind: "lost" };
  if (data.status === "Success") return { kind: "ended", exitCode: 0 };
  const exit = data.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  if (exit !== undefined && /^\d+$/.test(exit)) return { kind: "ended", exitCode: Number(exit) };
  const message = (data.message ?? "The program could not be started").slice(0, 300);
  return { kind: isUpgradeRefused(message) ? "refused" : "failed", message };
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
