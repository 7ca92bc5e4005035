/**
 * A line in the memory of one isolate: works are done one at a time in the order they came, and a line too long takes
 * no more. Between two of them the event loop gets a rest, or whatever waits for a socket would wait for them all. Each
 * waits on timers of its own request, because one request may not wake another, and a request that was cancelled
 * vanishes without a word: a place that nobody holds any more is given up.
 */

export type LineAnswer<T> = { kind: "done"; value: T } | { kind: "full" };

export interface Line {
  /** Does the work when its turn comes; `full` at once when too many wait. Throws what the work throws. */
  run<T>(work: () => Promise<T>, nowMs: () => number): Promise<LineAnswer<T>>;
}

interface Place {
  isAtWork: boolean;
  /** When its request last looked whether it is its turn, or began its work. */
  seenAtMs: number;
}

/** How soon the next in line looks again, and those behind it for each place that they are further back. */
const nextLooksAfterMs = 5;
const looksAfterMsPerPlace = 50;
const looksAfterAtMostMs = 1_000;
/** Time for a round trip to the database. */
const restMs = 20;
/** A request that waits looks much more often than this. */
const abandonedAfterMs = 5_000;
const workLastsAtMostMs = 30_000;

export function newLine(maxPlaces: number): Line {
  const places = new Set<Place>();

  /** How many are before this place, which is taken or kept by asking. */
  function placesBefore(place: Place, nowMs: number): number {
    place.seenAtMs = nowMs;
    places.add(place);
    dropAbandoned(places, nowMs);
    return [...places].indexOf(place);
  }

  async function turnOf(place: Place, nowMs: () => number): Promise<void> {
    let before = placesBefore(place, nowMs());
    if (before === 0) return;
    for (; before > 0; before = placesBefore(place, nowMs())) await pause(lookAgainAfterMs(before));
    await pause(restMs);
  }

  return {
    async run(work, nowMs) {
      dropAbandoned(places, nowMs());
      if (places.size >= maxPlaces) return { kind: "full" };
      const place = { isAtWork: false, seenAtMs: nowMs() };
      try {
        await turnOf(place, nowMs);
        place.isAtWork = true;
        return { kind: "done", value: await work() };
      } finally {
        places.delete(place);
      }
    },
  };
}

function dropAbandoned(places: Set<Place>, nowMs: number): void {
  for (const place of places) {
    const quietAtMostMs = place.isAtWork ? workLastsAtMostMs : abandonedAfterMs;
    if (nowMs - place.seenAtMs > quietAtMostMs) places.delete(place);
  }
}

function lookAgainAfterMs(placesBefore: number): number {
  return Math.min(nextLooksAfterMs + (placesBefore - 1) * looksAfterMsPerPlace, looksAfterAtMostMs);
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
