/**
 * The log of a container: so far, and then as it grows. A connection that was cut is made again from the time of the last line,
 * and lines that were handed over already are left out: none is lost, none comes twice.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Calls } from "../client/calls.ts";
import { ClusterProblem, noAnswer } from "../client/problem.ts";
import { environmentContainer } from "../manifests/pod.ts";
import { lines } from "../observe/json-lines.ts";

/** A line as the container printed it, and when: RFC 3339 with nanoseconds. */
export interface LogLine {
  timestamp: string;
  text: string;
}

const retryMs = { first: 250, most: 5_000 };
/** kubelet cuts lines at 16 KiB; one of ours has 4,000 characters. */
const maxLineBytes = 65_536;
const maxLinesAtOnce = 500;
const zonedTime = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** Newest lines, oldest first. */
export async function readLog(
  calls: Calls,
  pod: string,
  query: { tailLines?: number; sinceTime?: string | undefined },
  signal: AbortSignal,
): Promise<LogLine[]> {
  const stream = await calls.log(pod, { container: environmentContainer, timestamps: true, ...query }, signal);
  const found: LogLine[] = [];
  for await (const line of lines(stream, maxLineBytes, true)) found.push(lineOf(line));
  return found;
}

/**
 * Follows the log from its beginning until the signal ends it, or the pod is no more: then it resolves. `isThere` says whether
 * the pod is one that still prints.
 */
export async function followLog(
  calls: Calls,
  pod: string,
  { isThere, onLines, signal }: { isThere: () => boolean; onLines: (lines: LogLine[]) => void; signal: AbortSignal },
): Promise<void> {
  const place = new Place();
  for (let failures = 0; !signal.aborted && isThere(); ) {
    const before = place.count;
    try {
      await followOnce(calls, pod, place, onLines, signal);
    } catch (error) {
      const problem = error instanceof ClusterProblem ? error : noAnswer(error);
      if (signal.aborted || problem.kind === "not_found") return;
    }
    failures = place.count > before ? 0 : failures + 1;
    const waitMs = Math.min(retryMs.most, retryMs.first * 2 ** failures) * (0.5 + Math.random() / 2);
    await delay(waitMs, undefined, { signal }).catch(() => {});
  }
}

async function followOnce(
  calls: Calls,
  pod: string,
  place: Place,
  onLines: (lines: LogLine[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const query = { container: environmentContainer, timestamps: true, follow: true, sinceTime: place.since };
  const stream = await calls.log(pod, query, signal);
  place.begin();
  let fresh: LogLine[] = [];
  const tell = () => {
    if (fresh.length > 0 && !signal.aborted) onLines(fresh);
    fresh = [];
  };
  try {
    for await (const line of lines(stream, maxLineBytes, true)) {
      const read = lineOf(line);
      if (place.isNew(read)) fresh.push(read);
      // What came in one piece is told as one.
      if (fresh.length === 1) setImmediate(tell);
      if (fresh.length >= maxLinesAtOnce) tell();
    }
  } finally {
    tell();
  }
}

/** How far a log was read. The server looks by whole seconds, so that some lines come again. */
class Place {
  count = 0;
  #last: string | null = null;
  /** How many lines of the last time there were, and how many of them have come again. */
  #same = 0;
  #again = 0;

  get since(): string | undefined {
    return this.#last ?? undefined;
  }

  /** Another connection, which begins at or before the last line. */
  begin(): void {
    this.#again = 0;
  }

  isNew({ timestamp }: LogLine): boolean {
    const order = this.#last === null ? 1 : compareTimes(timestamp, this.#last);
    if (order < 0) return false;
    if (order === 0) {
      this.#again += 1;
      if (this.#again <= this.#same) return false;
      this.#same += 1;
    } else {
      this.#last = timestamp;
      this.#same = 1;
      this.#again = 1;
    }
    this.count += 1;
    return true;
  }
}

/** The time in UTC: a node writes it in its own zone. What is no time stays as it is. */
export function inUtc(time: string): string {
  const [, seconds = "", fraction = "", zone = "Z"] = zonedTime.exec(time) ?? [];
  if (zone === "Z") return time;
  return `${new Date(seconds + zone).toISOString().slice(0, 19)}${fraction}Z`;
}

/** RFC 3339 in UTC with up to nine digits; zeros at the end are left out there. */
export function compareTimes(one: string, other: string): number {
  const [a, b] = [one, other].map((time) =>
    time.replace(/\.?(\d*)Z$/, (_, digits) => `.${String(digits).padEnd(9, "0")}Z`),
  );
  return a === b ? 0 : (a ?? "") < (b ?? "") ? -1 : 1;
}

function lineOf(line: Buffer): LogLine {
  const text = line.toString();
  const space = text.indexOf(" ");
  const [time, rest] = space < 0 ? [text, ""] : [text.slice(0, space), text.slice(space + 1)];
  return { timestamp: inUtc(time), text: rest };
}
