/** Work that is done one after another, in the order in which it was asked for, whatever became of what was before. */

/** Of one thing. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does the work after all that was asked for before. */
  take<Value>(work: () => Promise<Value>): Promise<Value> {
    const mine = this.#last.then(work, work);
    this.#last = mine;
    return mine;
  }

  /** Resolves when all that was asked for until now is over. */
  async over(): Promise<void> {
    await this.#last.catch(() => {});
  }
}

/** Of many things by their names; what has different ones is done at the same time. */
export class NamedTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Whether something is being done under this name. */
  isBusy(name: string): boolean {
    return this.#last.has(name);
  }

  /** Does the work after all that was asked for under this name before. */
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

  /** Resolves when all that was asked for until now is over. */
  async over(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
