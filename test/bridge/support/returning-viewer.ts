/**
 * A viewer of version 2 together with what the object does for it: comes back after every cut with its position and
 * its open input, acknowledges what it sees, and holds every byte against the truth.
 */

import { clearScreen } from "../../../durable-objects/protocol/client.ts";
import type { DataMessage, Position, TerminalMessage } from "../../../durable-objects/protocol/data-socket.ts";
import type { StreamFrame } from "../../../durable-objects/protocol/stream-frames.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { type DataEnd, newTerminal } from "./data-end.ts";
import { picture } from "./picture.ts";
import type { Truth } from "./truth.ts";
import { type Viewer, watchTerminal } from "./viewer.ts";

type Numbered = Extract<TerminalMessage, { type: "input" | "paste" | "key" }> & { from: string; i: number };
/** Distributes over the kinds, which the built-in one does not. */
type Unnumbered = Numbered extends infer Each ? (Each extends Numbered ? Omit<Each, "from" | "i"> : never) : never;

let entries = 0;

export class ReturningViewer {
  readonly terminal = newTerminal(80, 24);
  readonly viewer: Viewer = watchTerminal(this.terminal, (text) => this.input(text));
  readonly faults: string[] = [];
  /** What the screen was after each snapshot. */
  readonly pictures: { seq: number; lines: string[] }[] = [];
  replays = 0;
  seenBytes = 0;
  /** Everything up to here has reached the terminal. */
  receipted = 0;
  readonly #from: string;
  readonly #truth: Truth;
  /** Without it the bridge is left with the credit it had. */
  isAcknowledging = true;
  #end: DataEnd | null = null;
  #entry = 0;
  #position: Position | null = null;
  #standing: "entering" | "waiting" | "live" = "entering";
  #said = 0;
  #open: Numbered[] = [];
  #unsent: Numbered[] = [];
  #granted = 0;

  constructor(from: string, truth: Truth) {
    this.#from = from;
    this.#truth = truth;
  }

  get isAnswered(): boolean {
    return this.receipted === this.#said;
  }

  /** Comes, or comes back, over this data socket. */
  enter(end: DataEnd): void {
    entries += 1;
    this.#entry = entries;
    this.#end = end;
    this.#standing = "entering";
    this.#granted = 0;
    const entry = this.#entry;
    end.listeners.push({
      onMessage: (message) => this.#entry === entry && this.#takeMessage(message),
      onFrame: (frame) => this.#entry === entry && this.#takeFrame(frame),
    });
    const at = this.#position === null ? {} : { at: this.#position };
    end.send({ type: "enter", entry, from: this.#from, ...at, max_bytes: limits.windowBytes });
  }

  input(data: string): void {
    this.say({ type: "input", data });
  }

  say(message: Unnumbered): void {
    this.#said += 1;
    this.#unsent.push({ ...message, from: this.#from, i: this.#said });
    this.#sendMore();
  }

  #sendMore(): void {
    if (this.#standing === "entering") return;
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      const openBytes = [...this.#open, next].reduce((sum, each) => sum + ("data" in each ? each.data.length : 1), 0);
      if (openBytes > limits.maxOpenInputBytes) return;
      this.#unsent.shift();
      this.#open.push(next);
      this.#end?.send(next);
    }
  }

  #takeMessage(message: DataMessage): void {
    if (message.type === "entered" && message.entry === this.#entry) this.#entered(message);
    if (message.type === "receipts") this.#takeReceipts(message.receipts);
    if (message.type === "gap" && message.from === this.#from) this.faults.push(`gap at input ${message.i}`);
  }

  #entered({ epoch, gen, seq, i }: Extract<DataMessage, { type: "entered" }>): void {
    if (i < this.receipted || i > this.#said) this.faults.push(`entered with ${i} after ${this.receipted}`);
    this.#standing = "waiting";
    const isSame = this.#position?.epoch === epoch && this.#position.gen === gen;
    if (!isSame) this.#position = { epoch, gen, seq };
    this.#takeReceipts([{ from: this.#from, i }]);
    for (const each of this.#open) this.#end?.send(each);
    this.#sendMore();
  }

  #takeReceipts(receipts: readonly { from: string; i: number }[]): void {
    for (const { from, i } of receipts) {
      if (from !== this.#from || i <= this.receipted) continue;
      this.receipted = i;
      this.#open = this.#open.filter((each) => each.i > i);
    }
    this.#sendMore();
  }

  #takeFrame(frame: StreamFrame): void {
    if (frame.kind === "output") {
      this.#takeReceipts(frame.receipts ?? []);
      this.#draw(frame);
    } else if (frame.kind === "snapshot") this.#show(frame);
    else if (frame.entry === this.#entry) {
      this.replays += 1;
      this.#standing = "live";
      this.#draw(frame);
    }
    this.#acknowledge();
  }

  #draw({ kind, seq, bytes }: StreamFrame): void {
    if (!this.#truth.slice(seq, seq + bytes.length).every((byte, index) => byte === bytes[index])) {
      this.faults.push(`${kind} at ${seq} is not what was printed`);
    }
    if (this.#standing !== "live" || this.#position === null) return;
    if (seq > this.#position.seq) {
      // As the object does: who lacks something waits for a picture.
      this.#standing = "waiting";
      return;
    }
    if (seq !== this.#position.seq) this.faults.push(`${kind} at ${seq}, not ${this.#position.seq}`);
    this.#position = { ...this.#position, seq: seq + bytes.length };
    this.seenBytes += bytes.length;
    this.terminal.write(bytes);
  }

  #show({ gen, seq, bytes }: Extract<StreamFrame, { kind: "snapshot" }>): void {
    if (this.#standing !== "waiting" || this.#position === null) return;
    this.#standing = "live";
    this.#position = { ...this.#position, gen, seq };
    this.terminal.write(clearScreen);
    this.terminal.write(bytes, () => this.pictures.push({ seq, lines: picture(this.terminal) }));
  }

  #acknowledge(): void {
    const until = (this.#position?.seq ?? 0) + limits.windowBytes;
    if (!this.isAcknowledging || until < this.#granted + limits.ackEveryBytes) return;
    this.#granted = until;
    this.#end?.send({ type: "credit", until });
  }
}

/** The pictures that are not those of a terminal that has seen everything. */
export async function wrongPictures(pictures: ReturningViewer["pictures"], truth: Truth): Promise<number[]> {
  const terminal = newTerminal(80, 24);
  const wrong: number[] = [];
  let seen = 0;
  for (const { seq, lines } of [...pictures].sort((a, b) => a.seq - b.seq)) {
    const bytes = truth.slice(seen, seq);
    seen = seq;
    await new Promise<void>((resolve) => terminal.write(bytes, resolve));
    if (picture(terminal).join("\n") !== lines.join("\n")) wrong.push(seq);
  }
  return wrong;
}
