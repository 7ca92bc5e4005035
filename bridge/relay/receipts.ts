/** Receipts for input, on their way back: they ride on the next output, or go alone when none comes in time. */
import type { Receipt } from "../../durable-objects/protocol/data-socket.ts";
import { timing } from "../../durable-objects/protocol/timing.ts";

/** So many of the longest authors fit beside a full frame, however they are escaped. */
const maxAtOnce = 20;

export class Receipts {
  readonly #sendAlone: (receipts: Receipt[]) => void;
  /** The highest number of each author: it stands for all below. */
  readonly #due = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(sendAlone: (receipts: Receipt[]) => void) {
    this.#sendAlone = sendAlone;
  }

  add(from: string, i: number): void {
    this.#due.set(from, i);
    this.#timer ??= setTimeout(() => this.#flush(), timing.receiptAloneMs);
  }

  /** What may ride along now. */
  take(): Receipt[] {
    const taken = [...this.#due].slice(0, maxAtOnce).map(([from, i]) => ({ from, i }));
    for (const { from } of taken) this.#due.delete(from);
    if (this.#due.size === 0) this.#stop();
    return taken;
  }

  /** Nobody is there to get them: who comes is told how far its input has come. */
  clear(): void {
    this.#due.clear();
    this.#stop();
  }

  #flush(): void {
    this.#timer = null;
    while (this.#due.size > 0) this.#sendAlone(this.take());
  }

  #stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
