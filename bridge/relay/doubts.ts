/**
 * What was handed to a tmux client shortly before that was lost: whether it reached the shell nobody knows. Its authors
 * are told, and once more when they come back, for they may have been away.
 */
import { timing } from "../../durable-objects/protocol/timing.ts";

/** Input of one author, by number. */
export interface Doubt {
  from: string;
  first: number;
  last: number;
}

/** Authors that may come back and were not told; of more the oldest are forgotten. */
const maxAuthors = 1_000;

export class Doubts {
  /** What was handed over of late, oldest first. */
  #recent: { from: string; i: number; atMs: number }[] = [];
  readonly #untold = new Map<string, Doubt>();

  handedOver(from: string, i: number, nowMs: number): void {
    this.#recent.push({ from, i, atMs: nowMs });
    if (nowMs - (this.#recent[0]?.atMs ?? nowMs) > 2 * timing.doubtBeforeLossMs) this.#forgetOld(nowMs);
  }

  /** The client ended: all that it was given had been read, or not. */
  ended(isComplete: boolean, nowMs: number): Doubt[] {
    this.#forgetOld(nowMs);
    const doubts = new Map<string, Doubt>();
    if (!isComplete) for (const { from, i } of this.#recent) doubts.set(from, widened(doubts.get(from), from, i));
    this.#recent = [];
    for (const [from, { first, last }] of doubts) {
      this.#untold.set(from, { ...widened(this.#untold.get(from), from, first), last });
    }
    for (const from of [...this.#untold.keys()].slice(0, Math.max(0, this.#untold.size - maxAuthors)))
      this.#untold.delete(from);
    return [...doubts.values()];
  }

  /** To tell an author who comes back, once. */
  takeOf(from: string): Doubt | null {
    const doubt = this.#untold.get(from) ?? null;
    this.#untold.delete(from);
    return doubt;
  }

  #forgetOld(nowMs: number): void {
    this.#recent = this.#recent.filter(({ atMs }) => nowMs - atMs <= timing.doubtBeforeLossMs);
  }
}

/** Numbers only grow. */
function widened(doubt: Doubt | undefined, from: string, i: number): Doubt {
  return { from, first: doubt?.first ?? i, last: i };
}
