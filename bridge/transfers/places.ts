/** Who has how many transfers under way: each holds files and connections, and nobody takes the place of all. */
import { limits } from "../../durable-objects/protocol/timing.ts";

export class TooManyTransfers extends Error {}

export class Places {
  readonly #taken = new Map<string, number>();
  #total = 0;

  /** Does the work in a place of theirs; throws TooManyTransfers where they have as many as one may, or all are taken. */
  async taking<Value>(owner: string, work: () => Promise<Value>): Promise<Value> {
    const own = this.#taken.get(owner) ?? 0;
    if (own >= limits.maxTransfersOfOne || this.#total >= limits.maxTransfers) {
      throw new TooManyTransfers("Too many transfers at a time");
    }
    this.#change(owner, 1);
    try {
      return await work();
    } finally {
      this.#change(owner, -1);
    }
  }

  #change(owner: string, by: number): void {
    const own = (this.#taken.get(owner) ?? 0) + by;
    this.#total += by;
    if (own === 0) this.#taken.delete(owner);
    else this.#taken.set(owner, own);
  }
}
