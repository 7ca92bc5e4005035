/**
 * One terminal of an environment: keeps a tmux client and the screen while the environment runs, also when nobody
 * watches, and passes bytes to the data socket while there is one. Position of a byte = (epoch, gen, seq).
 */
import { encodeStreamFrame, type TerminalMessage } from "../../durable-objects/protocol/data-socket.ts";
import { limits, timing } from "../../durable-objects/protocol/timing.ts";
import { parseTerminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { type Runtime, RuntimeFailure, type TerminalSize, type TerminalStream } from "../runtime/runtime.ts";
import { Batcher } from "./batcher.ts";
import type { DataSocket, Relay } from "./data-socket.ts";
import { Pacer } from "./pacer.ts";
import { Resizer } from "./resizer.ts";
import { Screen } from "./screen.ts";
import { SequenceFilter } from "./sequences.ts";

/** Above this the socket is full: the PTY is not read until it has drained. */
const maxBufferedBytes = 131_072;
const screenKeptMs = 30 * 60_000;
const attachAgainMs = 250;
/** tmux draws everything right after it was attached; a picture before that would be an empty one. */
const firstPictureMs = 20;
/** Ctrl-C, Ctrl-Z, Ctrl-\ */
const interrupts = ["\u0003", "\u001a", "\u001c"];

/** What exists only while a tmux client is attached. */
interface Attached {
  stream: TerminalStream;
  epoch: string;
  filter: SequenceFilter;
  pacer: Pacer;
  /** Why the PTY is not being read now. */
  pauses: Set<"paced" | "full">;
  paceTimer: NodeJS.Timeout | undefined;
  screen: Screen | null;
}

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
  #size: TerminalSize = { cols: limits.defaultCols, rows: limits.defaultRows };
  #gen = 0;
  /** Offset of the next byte to be sent; what waits in the batcher is not counted. */
  #sentSeq = 0;
  #socket: DataSocket | null = null;
  #attached: Attached | null = null;
  #shouldRun = false;
  #isAttaching = false;
  /** Whether the open socket has had its hello; while a client is being attached it waits for that. */
  #isGreeted = false;
  /** What was typed while a client was being attached. */
  #early = "";
  #isSnapshotUnderWay = false;
  #snapshotTimer: NodeJS.Timeout | null = null;
  #attachTimer: NodeJS.Timeout | null = null;
  #screenTimer: NodeJS.Timeout | null = null;

  constructor(terminalId: string, context: RelayContext) {
    this.#id = terminalId;
    this.#context = context;
  }

  /** Whether the environment has a shell now, as far as somebody has looked. */
  setRunning(isRunning: boolean): void {
    this.#shouldRun = isRunning;
    if (isRunning && this.#attached === null) void this.#attach();
  }

  /** A data socket is open: it is told where the stream stands. */
  opened(socket: DataSocket): void {
    this.#socket = socket;
    this.#resizer.reset();
    this.#clearTimer("screen");
    if (!this.#isAttaching) this.#greet();
  }

  closed(socket: DataSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.#isGreeted = false;
    // Nobody gets what was pending, but it counts: the next socket begins after it.
    this.#batcher.flush();
    this.#clearTimer("snapshot");
    this.#setPause("full", false);
    this.#screenTimer = setTimeout(() => this.#dropScreen(), screenKeptMs);
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

  /** Lets go of the terminal for good; its processes live on. */
  close(): void {
    this.#shouldRun = false;
    for (const timer of ["snapshot", "attach", "screen"] as const) this.#clearTimer(timer);
    this.#resizer.reset();
    this.#batcher.clear();
    this.#attached?.stream.close();
    this.#attached?.screen?.dispose();
    this.#attached = null;
  }

  async #attach(): Promise<void> {
    if (this.#isAttaching) return;
    this.#isAttaching = true;
    this.#clearTimer("attach");
    try {
      const { environmentId, window } = parseTerminalId(this.#id);
      const stream = await this.#context.runtime.attach(environmentId, window, this.#size);
      if (this.#shouldRun) this.#begin(stream);
      else stream.close();
    } catch (error) {
      this.#early = "";
      if (!(error instanceof RuntimeFailure)) throw error;
      this.#context.log("debug", "terminal not attached", { terminal: this.#id, code: error.code });
      if (error.code === "unavailable") this.#attachLater();
    } finally {
      this.#isAttaching = false;
    }
    if (this.#attached === null && this.#socket !== null && !this.#isGreeted) this.#greet();
  }

  #greet(): void {
    this.#isGreeted = true;
    this.#tell({ type: "hello", ...this.#position(), ledger: this.#context.ledger });
    if (this.#attached === null) this.#sayDetached();
  }

  #begin(stream: TerminalStream): void {
    const epoch = crypto.randomUUID();
    const attached: Attached = {
      stream,
      epoch,
      filter: new SequenceFilter(),
      pacer: new Pacer(),
      pauses: new Set(),
      paceTimer: undefined,
      screen: new Screen(this.#size, this.#sentSeq),
    };
    this.#attached = attached;
    this.#batcher.clear();
    stream.onExit(() => this.#ended(attached));
    stream.onData((bytes) => this.#read(attached, bytes));
    this.#context.log("info", "terminal attached", { terminal: this.#id, epoch });
    if (this.#early !== "") stream.write(this.#early);
    this.#early = "";
    if (this.#socket !== null && !this.#isGreeted) this.#greet();
    this.#tell({ type: "attached", ...this.#position() });
    this.#snapshotIn(firstPictureMs);
  }

  #ended(attached: Attached): void {
    if (this.#attached !== attached) return;
    this.#batcher.flush();
    attached.screen?.dispose();
    this.#attached = null;
    this.#isSnapshotUnderWay = false;
    this.#batcher.release();
    this.#sayDetached();
    this.#context.log("info", "terminal detached", { terminal: this.#id });
    if (this.#shouldRun) this.#attachLater();
  }

  #read(attached: Attached, raw: Uint8Array): void {
    const bytes = attached.filter.push(raw);
    attached.screen?.feed(bytes);
    const waitMs = attached.pacer.take(raw.length);
    if (waitMs > 0) this.#pauseFor(attached, waitMs);
    if (this.#socket !== null) this.#batcher.push(bytes);
    else this.#sentSeq += bytes.length;
  }

  #sendOutput(bytes: Uint8Array): void {
    const seq = this.#sentSeq;
    this.#sentSeq += bytes.length;
    this.#socket?.send(encodeStreamFrame({ kind: "output", gen: this.#gen, seq, bytes }), () => this.#drained());
    if (this.#socket !== null && this.#socket.bufferedBytes > maxBufferedBytes) this.#setPause("full", true);
  }

  #drained(): void {
    if (this.#socket !== null && this.#socket.bufferedBytes > maxBufferedBytes / 2) return;
    this.#setPause("full", false);
  }

  #type(text: string): void {
    const attached = this.#attached;
    if (attached === null && this.#isAttaching) {
      this.#early = (this.#early + text).slice(0, limits.maxClientFrameBytes);
      return;
    }
    if (attached === null) {
      this.#tell({ type: "info", message: "The environment is not running" });
      return;
    }
    this.#batcher.noteInput();
    if (interrupts.some((key) => text.includes(key)) && attached.pacer.hurry()) this.#setPause("paced", false);
    attached.stream.write(text);
  }

  #resize(size: TerminalSize): void {
    const isSame = size.cols === this.#size.cols && size.rows === this.#size.rows;
    if (isSame) return;
    this.#batcher.flush();
    this.#size = size;
    this.#gen += 1;
    this.#attached?.stream.resize(size);
    this.#attached?.screen?.resize(size);
    this.#tell({ type: "size", ...size, gen: this.#gen });
  }

  #snapshotIn(afterMs: number): void {
    this.#clearTimer("snapshot");
    if (afterMs > 0) this.#snapshotTimer = setTimeout(() => this.#snapshot(), afterMs);
    else this.#snapshot();
  }

  /** Nothing is sent until the picture is there, so that its offset is the one of the next output frame. */
  #snapshot(): void {
    const attached = this.#attached;
    if (attached === null || this.#socket === null || this.#isSnapshotUnderWay) return;
    if (attached.screen === null) {
      // Dropped long ago: a new client makes tmux draw everything again.
      attached.stream.close();
      return;
    }
    this.#isSnapshotUnderWay = true;
    this.#batcher.hold();
    attached.screen.snapshot(({ seq, size, bytes }) => {
      if (this.#attached !== attached) return;
      this.#isSnapshotUnderWay = false;
      this.#batcher.flush(Math.max(0, seq - this.#sentSeq));
      const isTooLarge = bytes.length > limits.maxSnapshotBytes;
      const picture = isTooLarge ? new Uint8Array(0) : bytes;
      this.#socket?.send(encodeStreamFrame({ kind: "snapshot", gen: this.#gen, seq, ...size, bytes: picture }));
      this.#batcher.release();
      if (isTooLarge) redraw(attached.stream, this.#size);
    });
  }

  #pauseFor(attached: Attached, waitMs: number): void {
    this.#setPause("paced", true);
    clearTimeout(attached.paceTimer);
    attached.paceTimer = setTimeout(() => {
      if (this.#attached === attached) this.#setPause("paced", false);
    }, waitMs);
  }

  #setPause(why: "paced" | "full", isPaused: boolean): void {
    const attached = this.#attached;
    if (attached === null || attached.pauses.has(why) === isPaused) return;
    if (isPaused) attached.pauses.add(why);
    else attached.pauses.delete(why);
    if (attached.pauses.size === 0) attached.stream.resume();
    else attached.stream.pause();
  }

  #dropScreen(): void {
    if (this.#attached === null || this.#socket !== null) return;
    this.#attached.screen?.dispose();
    this.#attached.screen = null;
  }

  #attachLater(): void {
    this.#clearTimer("attach");
    this.#attachTimer = setTimeout(() => {
      if (this.#shouldRun && this.#attached === null) void this.#attach();
    }, attachAgainMs);
  }

  #sayDetached(): void {
    this.#tell({ type: "detached", message: "The environment is not running" });
  }

  #tell(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #position(): { epoch: string; gen: number; seq: number } & TerminalSize {
    return { epoch: this.#attached?.epoch ?? "none", gen: this.#gen, seq: this.#sentSeq, ...this.#size };
  }

  #clearTimer(which: "snapshot" | "attach" | "screen"): void {
    if (which === "snapshot" && this.#snapshotTimer !== null) clearTimeout(this.#snapshotTimer);
    if (which === "attach" && this.#attachTimer !== null) clearTimeout(this.#attachTimer);
    if (which === "screen" && this.#screenTimer !== null) clearTimeout(this.#screenTimer);
  }
}

/** Two sizes in a row make tmux draw everything, without a new client. */
function redraw(stream: TerminalStream, size: TerminalSize): void {
  stream.resize({ cols: Math.max(limits.minTerminalCells, size.cols - 1), rows: size.rows });
  setTimeout(() => stream.resize(size), timing.resizeDebounceMs);
}
