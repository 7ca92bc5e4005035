/** Order statistics over samples. Pure; every time is in milliseconds. */

export interface RoundsSummary {
  samples: number;
  /** Medians over the rounds of each round's own percentile, so that one disturbed round does not decide. */
  p50: number;
  p99: number;
  /** Lowest and highest p50 of a round: how far the machine itself wandered. */
  p50Range: readonly [number, number];
}

/** The nearest-rank percentile, `share` in 0..1. Throws without samples: a bench that measured nothing has failed. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  if (value === undefined) throw new Error("no samples");
  return value;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** How far two distributions are apart, 0..1: the largest difference of their cumulative shares (Kolmogorov-Smirnov). */
export function distance(one: readonly number[], other: readonly number[]): number {
  const share = (samples: readonly number[], limit: number) =>
    samples.filter((sample) => sample <= limit).length / samples.length;
  return Math.max(...[...one, ...other].map((limit) => Math.abs(share(one, limit) - share(other, limit))));
}

/** Sums up alternating rounds of one contestant. */
export function summarizeRounds(rounds: readonly (readonly number[])[]): RoundsSummary {
  const p50s = rounds.map((round) => percentile(round, 0.5));
  return {
    samples: rounds.reduce((sum, round) => sum + round.length, 0),
    p50: median(p50s),
    p99: median(rounds.map((round) => percentile(round, 0.99))),
    p50Range: [Math.min(...p50s), Math.max(...p50s)],
  };
}

/** The order of a round: rotated by one each time, so that nobody always follows the same neighbour's warm caches. */
export function rotated<T>(items: readonly T[], round: number): T[] {
  const start = items.length === 0 ? 0 : round % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
