/** The wish to end a run early: the first signal begins it, one that comes later ends the process at once. */

/** npm passes on to its script what the whole process group was told, so that one wish comes twice. */
const sameWishMs = 2_000;

export function onInterruption(begin: (signal: NodeJS.Signals) => void): void {
  let begunAt: number | null = null;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      const now = performance.now();
      if (begunAt !== null && now - begunAt > sameWishMs) process.exit(130);
      if (begunAt !== null) return;
      begunAt = now;
      begin(signal);
    });
  }
}
