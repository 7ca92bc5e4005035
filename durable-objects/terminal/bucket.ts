/** A token bucket as plain data: so much at once, so much a second, the clock as argument. */

export interface Bucket {
  tokens: number;
  filledAt: number;
}

/** The bucket after the time since it was last looked at; a missing one is full. */
export function fill(bucket: Bucket | null, now: number, perSecond: number, burst: number): Bucket {
  if (bucket === null) return { tokens: burst, filledAt: now };
  const earned = (Math.max(0, now - bucket.filledAt) / 1000) * perSecond;
  return { tokens: Math.min(burst, bucket.tokens + earned), filledAt: Math.max(now, bucket.filledAt) };
}
