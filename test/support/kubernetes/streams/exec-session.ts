/**
 * One exec: a socket with numbered channels and the process behind it. The socket's end does not end the process. Nothing
 * is read of the process while the client does not take what was sent, and nothing of the client while the process does
 * not read.
 */
import type { WebSocket } from "ws";
import type { Fields } from "../api/objects.ts";
import { channels, type ExecProcess } from "./exec-process.ts";
import { exited } from "./exec-status.ts";

/** Of data; the channel's byte comes on top. Characters are cut wherever that falls. */
const frameBytes = 32 * 1024;
const maxPendingBytes = 8 * 2 ** 20;
/** On the way to a client that reads slowly; beyond it the process is left alone. */
const maxUnsentBytes = 256 * 1024;

export interface SessionSpec {
  podUid: string;
  command: readonly string[];
  idleMs: number;
}

export class ExecSession {
  readonly podUid: string;
  readonly #socket: WebSocket;
  readonly #process: ExecProcess;
  readonly #spec: SessionSpec;
  #unsentBytes = 0;
  #isFrozen = false;
  /** After a resize that cannot be read the next one blocks the frame loop. */
  #isResizeDead = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, process: ExecProcess, spec: SessionSpec) {
    this.#socket = socket;
    this.#process = process;
    this.#spec = spec;
    this.podUid = spec.podUid;
    process.onData((channel, bytes) => this.#send(channel, bytes));
    socket.on("message", (data) => this.#receive(Buffer.isBuffer(data) ? data : Buffer.concat(data as Buffer[])));
    socket.on("error", () => socket.terminate());
    // Left alone, the process is read on and has no more input, as containerd does: it does not block on a client that is gone.
    socket.on("close", () => this.#abandoned());
    void process.exit.then((code) => this.finish(exited(spec.command, code)));
    this.#touch();
  }

  /** The last frame and the end of the socket; nothing of it when frozen. */
  finish(status: Fields): void {
    if (this.#isFrozen || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(Buffer.concat([Buffer.of(channels.status), Buffer.from(JSON.stringify(status))]));
    this.#socket.close(1000);
  }

  /** The end without a status: 1006, or 1000 after all. */
  drop(isInOrder: boolean): void {
    if (isInOrder) this.#socket.close(1000);
    else this.#socket.terminate();
  }

  /** Open, but nothing moves any more, in either direction. */
  freeze(): void {
    this.#isFrozen = true;
    this.#process.pause();
    this.#socket.pause();
    clearTimeout(this.#idle);
  }

  #send(channel: number, bytes: Buffer): void {
    if (this.#isFrozen || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#touch();
    for (let start = 0; start < bytes.byteLength; start += frameBytes) {
      const frame = Buffer.concat([Buffer.of(channel), bytes.subarray(start, start + frameBytes)]);
      this.#unsentBytes += frame.byteLength;
      this.#socket.send(frame, () => this.#sent(frame.byteLength));
    }
    if (this.#unsentBytes > maxUnsentBytes) this.#process.pause();
  }

  #sent(byteLength: number): void {
    this.#unsentBytes -= byteLength;
    if (this.#unsentBytes <= maxUnsentBytes && !this.#isFrozen) this.#process.resume();
  }

  #receive(frame: Buffer): void {
    if (this.#isFrozen) return;
    this.#touch();
    const [channel] = frame;
    const data = frame.subarray(1);
    if (channel === channels.stdin && data.byteLength > 0) this.#type(data);
    if (channel === channels.resize) this.#resize(data);
    if (channel === channels.close && data[0] === channels.stdin && this.#socket.protocol.startsWith("v5"))
      this.#process.endInput();
  }

  #type(data: Buffer): void {
    this.#process.write(data, () => {
      if (!this.#isFrozen && this.#socket.isPaused && this.#process.pendingBytes < maxPendingBytes)
        this.#socket.resume();
    });
    if (this.#process.pendingBytes >= maxPendingBytes) this.#socket.pause();
  }

  #resize(data: Buffer): void {
    const size = sizeOf(data.toString("utf8"));
    if (this.#isResizeDead) this.freeze();
    else if (size === null) this.#isResizeDead = true;
    else if (size.width > 0 && size.height > 0) this.#process.resize(size.width, size.height);
  }

  #touch(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.drop(false), this.#spec.idleMs);
    this.#idle.unref();
  }

  #abandoned(): void {
    clearTimeout(this.#idle);
    this.#process.endInput();
    this.#process.resume();
  }
}

/** Two unsigned 16-bit numbers, as Go's decoder takes them: names in any case, left out is 0. Null where it gives up. */
function sizeOf(text: string): { width: number; height: number } | null {
  try {
    const fields = Object.entries(JSON.parse(text)).map(([name, value]) => [name.toLowerCase(), value]);
    const { width = 0, height = 0 } = Object.fromEntries(fields);
    return [width, height].every((each) => Number.isInteger(each) && each >= 0 && each <= 65_535)
      ? { width, height }
      : null;
  } catch {
    return null;
  }
}
