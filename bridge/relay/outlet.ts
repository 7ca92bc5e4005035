/**
 * What a terminal's relay says: on the data socket while one is open, to nobody otherwise. Nothing is kept for the next socket,
 * which begins with where the stream stands then. Tells when the socket is too full for more output, and when it no longer is.
 */
import type { DataMessage } from "../../durable-objects/protocol/data-socket.ts";
import {
  encodeStreamFrame,
  type OutputFrame,
  type ReplayFrame,
  type SnapshotFrame,
} from "../../durable-objects/protocol/stream-frames.ts";
import type { DataSocket } from "./data-socket.ts";

/** Above this the socket is full, until it has drained to half of it. */
const maxBufferedBytes = 131_072;

export class Outlet {
  readonly #onFull: (isFull: boolean) => void;
  readonly #onSent = () => this.#drained();
  #socket: DataSocket | null = null;

  constructor(onFull: (isFull: boolean) => void) {
    this.#onFull = onFull;
  }

  get isOpen(): boolean {
    return this.#socket !== null;
  }

  open(socket: DataSocket): void {
    this.#socket = socket;
  }

  /** False if another socket has taken its place already. */
  close(socket: DataSocket): boolean {
    if (this.#socket !== socket) return false;
    this.#socket = null;
    return true;
  }

  tell(message: DataMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  send(frame: SnapshotFrame | ReplayFrame): void {
    this.#socket?.send(encodeStreamFrame(frame));
  }

  /** What may never end, and so must not fill the socket. */
  sendOutput(frame: OutputFrame): void {
    const socket = this.#socket;
    if (socket === null) return;
    socket.send(encodeStreamFrame(frame), this.#onSent);
    if (socket.bufferedBytes > maxBufferedBytes) this.#onFull(true);
  }

  #drained(): void {
    const isStillFull = this.#socket !== null && this.#socket.bufferedBytes > maxBufferedBytes / 2;
    if (!isStillFull) this.#onFull(false);
  }
}
