/** Who relies on a name meanwhile, however many at the same time. */
export class Holds {
  readonly #counts = new Map<string, number>();

  isHeld(name: string): boolean {
    return this.#counts.has(name);
  }

  /** The name is relied on until the work is over. */
  async during<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (this.#counts.get(name) ?? 1) - 1;
      if (left === 0) this.#counts.delete(name);
      else this.#counts.set(name, left);
    }
  }
}
