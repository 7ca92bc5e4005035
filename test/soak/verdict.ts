/** What a soak found, and what of it is a fault. Pure. */
import type { WordsVerdict } from "./words.ts";

export interface Verdict {
  minutes: number;
  words: Record<"a" | "b", WordsVerdict>;
  cuts: number;
  kills: number;
  /** Of all that viewers were sent: where one offset of an epoch had two bytes, and where bytes were missing or came twice. */
  stream: { bytes: number; differing: number; gaps: number; snapshots: number };
  /** Screens that differ from that of a client that came at the end; each as it was. */
  wrongScreens: string[];
  /** Of the server and the bridge together, evenly over the time. */
  memoryMegabytes: number[];
  frames: Record<string, number>;
}

/** Shorter runs are all start: their memory is shown and not judged. */
const memoryJudgedFromMinutes = 10;
const maxMegabytesPerMinute = 2;

/** One line for each kind of fault; none is a good soak. */
export function faultsIn(verdict: Verdict): string[] {
  const { words, stream, wrongScreens } = verdict;
  const all = [words.a, words.b];
  const count = (kind: "lost" | "doubled" | "misplaced") => all.reduce((sum, each) => sum + each[kind].length, 0);
  const slope = memorySlope(verdict);
  return [
    ...(["lost", "doubled", "misplaced"] as const).map((kind) => `${count(kind)} words ${kind}`),
    `${stream.differing} bytes differ`,
    `${stream.gaps} gaps or repetitions`,
    `${wrongScreens.length} screens wrong`,
    ...(all.some(({ strange }) => strange !== "") ? ["1 file holds what nobody typed"] : []),
    ...(slope > maxMegabytesPerMinute ? [`memory grows by ${slope.toFixed(1)} MB a minute`] : []),
  ].filter((line) => !line.startsWith("0 "));
}

/** Megabytes a minute over the second half, by least squares; 0 for runs that are too short to tell. */
function memorySlope({ minutes, memoryMegabytes }: Verdict): number {
  const samples = memoryMegabytes.slice(Math.floor(memoryMegabytes.length / 2));
  if (minutes < memoryJudgedFromMinutes || samples.length < 2) return 0;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const minuteOf = (at: number) => (at * minutes) / memoryMegabytes.length;
  const times = samples.map((_, at) => minuteOf(at));
  const [meanTime, meanMemory] = [mean(times), mean(samples)];
  const shared = samples.reduce((sum, value, at) => sum + (minuteOf(at) - meanTime) * (value - meanMemory), 0);
  return shared / times.reduce((sum, time) => sum + (time - meanTime) ** 2, 0);
}
