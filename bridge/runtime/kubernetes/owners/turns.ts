/** Work by name: what is done under the same one is done one after another; and who relies on a name meanwhile. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #held = new Map<string, number>();

  /** Whether something is being done or relied on. */
  isBusy(name: string): boolean {
    return this.#last.has(name) || this.isHeld(name);
  }

  isHeld(name: string): boolean {
    return this.#held.has(name);
  }

  /** Does the work after the earlier ones, whatever became of those. */
  async take<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(name) === mine) this.#last.delete(name);
    }
  }

  /** The name is relied on until the work is over. */
  async hold<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    this.#held.set(name, (this.#held.get(name) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (this.#held.get(name) ?? 1) - 1;
      if (left === 0) this.#held.delete(name);
      else this.#held.set(name, left);
    }
  }
}
