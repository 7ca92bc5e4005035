/**
 * One terminal of an environment: keeps a tmux client and the screen while the environment runs, also when nobody
 * watches, and passes bytes to the data socket while there is one. Position of a byte = (epoch, gen, seq).
 */
import {
  type DataMessage,
  encodeStreamFrame,
  type TerminalMessage,
} from "../../durable-objects/protocol/data-socket.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { parseTerminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { type Runtime, RuntimeFailure, type TerminalSize, type TerminalStream } from "../runtime/runtime.ts";
import { Attachment } from "./attachment.ts";
import { Batcher } from "./batcher.ts";
import type { DataSocket, Relay } from "./data-socket.ts";
import { Resizer } from "./resizer.ts";
import type { Snapshot } from "./screen.ts";

/** Above this the socket is full: the PTY is not read until it has drained. */
const maxBufferedBytes = 131_072;
const screenKeptMs = 30 * 60_000;
const attachAgainMs = 250;
/** tmux draws everything right after it was attached; a picture before that would be an empty one. */
const firstPictureMs = 20;

export interface RelayContext {
  runtime: Runtime;
  /** Names this process's memory of input. */
  ledger: string;
  log: (level: "debug" | "info" | "warn", msg: string, detail: Record<string, string | number>) => void;
}

export class TerminalRelay implements Relay {
  readonly #id: string;
  readonly #context: RelayContext;
  readonly #batcher = new Batcher((bytes) => this.#sendOutput(bytes));
  readonly #resizer = new Resizer((size) => this.#resize(size));
  /** Null until a viewer has said one or a client was attached to what was there before. */
  #chosenSize: TerminalSize | null = null;
  #gen = 0;
  /** Offset of the next byte to be sent; what waits in the batcher is not counted. */
  #sentSeq = 0;
  #socket: DataSocket | null = null;
  /** Whether the open socket has had its hello; while a client is being attached it waits for that. */
  #isGreeted = false;
  #attachment: Attachment | null = null;
  #isAttaching = false;
  /** What was typed while a client was being attached. */
  #early = "";
  #shouldRun = false;
  #isSnapshotUnderWay = false;
  #snapshotTimer: NodeJS.Timeout | undefined;
  #attachTimer: NodeJS.Timeout | undefined;
  #screenTimer: NodeJS.Timeout | undefined;

  constructor(terminalId: string, context: RelayContext) {
    this.#id = terminalId;
    this.#context = context;
  }

  /** Whether the environment has a shell now, as far as somebody has looked. */
  setRunning(isRunning: boolean): void {
    this.#shouldRun = isRunning;
    if (isRunning && this.#attachment === null) void this.#attach();
  }

  /** A data socket is open: it is told where the stream stands. */
  opened(socket: DataSocket): void {
    this.#socket = socket;
    this.#isGreeted = false;
    this.#resizer.reset();
    clearTimeout(this.#screenTimer);
    if (!this.#isAttaching) this.#greet();
  }

  closed(socket: DataSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    // Nobody gets what was pending, but it counts: the next socket begins after it.
    this.#batcher.flush();
    clearTimeout(this.#snapshotTimer);
    this.#attachment?.setFull(false);
    this.#screenTimer = setTimeout(() => this.#attachment?.dropScreen(), screenKeptMs);
  }

  take(message: TerminalMessage): void {
    switch (message.type) {
      case "input":
        this.#type(message.data);
        return;
      case "resize":
        this.#resizer.ask({ cols: message.cols, rows: message.rows }, message.alone);
        return;
      case "snapshot":
        this.#snapshotIn(message.after_ms ?? 0);
        return;
    }
  }

  repeat(): void {
    if (this.#attachment !== null) this.#tell({ type: "size", ...this.#size, gen: this.#gen });
  }

  /** Lets go of the terminal for good; its processes live on. */
  close(): void {
    this.#shouldRun = false;
    for (const timer of [this.#snapshotTimer, this.#attachTimer, this.#screenTimer]) clearTimeout(timer);
    this.#resizer.reset();
    this.#batcher.clear();
    this.#attachment?.close();
  }

  get #size(): TerminalSize {
    return this.#chosenSize ?? { cols: limits.defaultCols, rows: limits.defaultRows };
  }

  async #attach(): Promise<void> {
    if (this.#isAttaching) return;
    this.#isAttaching = true;
    clearTimeout(this.#attachTimer);
    try {
      const { environmentId, window } = parseTerminalId(this.#id);
      const stream = await this.#context.runtime.attach(environmentId, window, this.#chosenSize);
      if (this.#shouldRun) this.#begin(stream);
      else stream.close();
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      this.#context.log("debug", "terminal not attached", { terminal: this.#id, code: error.code });
      if (error.code === "unavailable") this.#attachLater();
    } finally {
      this.#isAttaching = false;
      this.#early = "";
    }
    if (this.#socket !== null && !this.#isGreeted) this.#greet();
  }

  #begin(stream: TerminalStream): void {
    this.#chosenSize ??= stream.size;
    if (!isSameSize(stream.size, this.#size)) stream.resize(this.#size);
    this.#batcher.clear();
    const attachment: Attachment = new Attachment(stream, this.#size, this.#sentSeq, {
      onBytes: (bytes) => this.#pass(bytes),
      onEnd: () => this.#ended(attachment),
    });
    this.#attachment = attachment;
    this.#context.log("info", "terminal attached", { terminal: this.#id, epoch: attachment.epoch });
    if (this.#early !== "") attachment.type(this.#early);
    if (this.#socket !== null && !this.#isGreeted) this.#greet();
    this.#tell({ type: "attached", ...this.#position() });
    this.#snapshotIn(firstPictureMs);
  }

  #ended(attachment: Attachment): void {
    if (this.#attachment !== attachment) return;
    this.#batcher.flush();
    this.#attachment = null;
    this.#isSnapshotUnderWay = false;
    this.#batcher.release();
    this.#sayDetached();
    this.#context.log("info", "terminal detached", { terminal: this.#id });
    if (this.#shouldRun) this.#attachLater();
  }

  #attachLater(): void {
    clearTimeout(this.#attachTimer);
    this.#attachTimer = setTimeout(() => {
      if (this.#shouldRun && this.#attachment === null) void this.#attach();
    }, attachAgainMs);
  }

  #pass(bytes: Uint8Array): void {
    if (this.#socket !== null) this.#batcher.push(bytes);
    else this.#sentSeq += bytes.length;
  }

  #sendOutput(bytes: Uint8Array): void {
    const seq = this.#sentSeq;
    this.#sentSeq += bytes.length;
    this.#socket?.send(encodeStreamFrame({ kind: "output", gen: this.#gen, seq, bytes }), () => this.#drained());
    if (this.#socket !== null && this.#socket.bufferedBytes > maxBufferedBytes) this.#attachment?.setFull(true);
  }

  #drained(): void {
    const isStillFull = this.#socket !== null && this.#socket.bufferedBytes > maxBufferedBytes / 2;
    if (!isStillFull) this.#attachment?.setFull(false);
  }

  #type(text: string): void {
    if (this.#attachment !== null) {
      this.#batcher.noteInput();
      this.#attachment.type(text);
    } else if (this.#isAttaching) {
      this.#early = (this.#early + text).slice(0, limits.maxClientFrameBytes);
    } else {
      this.#tell({ type: "info", message: "The environment is not running" });
    }
  }

  #resize(size: TerminalSize): void {
    const isSame = isSameSize(size, this.#size);
    this.#chosenSize = size;
    if (isSame) return;
    this.#batcher.flush();
    this.#gen += 1;
    this.#attachment?.resize(size);
    this.#tell({ type: "size", ...size, gen: this.#gen });
  }

  #snapshotIn(afterMs: number): void {
    clearTimeout(this.#snapshotTimer);
    if (afterMs > 0) this.#snapshotTimer = setTimeout(() => this.#takeSnapshot(), afterMs);
    else this.#takeSnapshot();
  }

  /** Nothing is sent until the picture is there, so that its offset is the one of the next output frame. */
  #takeSnapshot(): void {
    const attachment = this.#attachment;
    if (attachment === null || this.#socket === null || this.#isSnapshotUnderWay) return;
    if (!attachment.hasScreen) {
      attachment.close();
      return;
    }
    this.#isSnapshotUnderWay = true;
    this.#batcher.hold();
    attachment.snapshot((snapshot) => this.#sendSnapshot(attachment, snapshot));
  }

  #sendSnapshot(attachment: Attachment, { seq, size, bytes }: Snapshot): void {
    this.#isSnapshotUnderWay = false;
    this.#batcher.flush(Math.max(0, seq - this.#sentSeq));
    const isTooLarge = bytes.length > limits.maxSnapshotBytes;
    const picture = isTooLarge ? new Uint8Array(0) : bytes;
    this.#socket?.send(encodeStreamFrame({ kind: "snapshot", gen: this.#gen, seq, ...size, bytes: picture }));
    this.#batcher.release();
    if (isTooLarge) attachment.redraw(this.#size);
  }

  #greet(): void {
    this.#isGreeted = true;
    this.#tell({ type: "hello", ...this.#position(), ledger: this.#context.ledger });
    if (this.#attachment === null) this.#sayDetached();
  }

  #sayDetached(): void {
    this.#tell({ type: "detached", message: "The environment is not running" });
  }

  #tell(message: DataMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #position(): { epoch: string; gen: number; seq: number } & TerminalSize {
    return { epoch: this.#attachment?.epoch ?? "none", gen: this.#gen, seq: this.#sentSeq, ...this.#size };
  }
}

function isSameSize(a: TerminalSize, b: TerminalSize): boolean {
  return a.cols === b.cols && a.rows === b.rows;
}
