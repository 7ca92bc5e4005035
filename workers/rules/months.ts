/** Calendar months in UTC, by which running time is counted. Pure. */

export interface Month {
  /** The first day, `2026-02-01`. */
  firstDay: string;
  startsAt: Date;
  /** The moment at which the next one begins. */
  endsAt: Date;
}

/** The month that a moment lies in. */
export function monthOf(now: Date): Month {
  const startsAt = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  const endsAt = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
  return { firstDay: startsAt.toISOString().slice(0, 10), startsAt, endsAt };
}
