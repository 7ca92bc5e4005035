/** What is being followed of a runtime: each ends when its follower has enough, and with the runtime at the latest. */
export class Follows {
  readonly #stops = new Set<() => void>();

  /** Takes up what `stopFollowing` ends; returns how to stop. */
  begin(stopFollowing: () => void): () => void {
    const stop = () => {
      stopFollowing();
      this.#stops.delete(stop);
    };
    this.#stops.add(stop);
    return stop;
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }
}
