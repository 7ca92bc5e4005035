/** One look into a container: what the script of readings.ts printed, read back. Pure. */

export interface Look {
  /** When, in seconds of a clock that only grows. */
  atSeconds: number;
  cpuSeconds: number | null;
  memoryBytes: number | null;
  diskBytes: number | null;
  receivedBytes: number | null;
  sentBytes: number | null;
}

const ticksPerSecond = 100;
/** In /proc/PID/stat behind the name: utime and stime. */
const [utime, stime] = [11, 12];

/** Null for a text that does not say when it was. */
export function parseLook(printed: string): Look | null {
  const found = Map.groupBy(
    printed.split("\n").map((line) => line.trim().split(/\s+/)),
    ([name]) => name,
  );
  const sum = (name: string, index: number) => {
    const values = (found.get(name) ?? []).map((words) => Number(words[index])).filter(Number.isFinite);
    return values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
  };
  const scaled = (value: number | null, factor: number) => (value === null ? null : value * factor);
  const atSeconds = sum("at", 1);
  if (atSeconds === null) return null;
  const ticks =
    sum("ticks", utime + 1) === null ? null : (sum("ticks", utime + 1) ?? 0) + (sum("ticks", stime + 1) ?? 0);
  return {
    atSeconds,
    cpuSeconds: scaled(sum("cpu", 1), 1e-6) ?? scaled(sum("cpu1", 1), 1e-9) ?? scaled(ticks, 1 / ticksPerSecond),
    // What the group counts, else what its processes have.
    memoryBytes: sum("memory", 1) ?? scaled(sum("rss", 1), 1024),
    diskBytes: scaled(sum("disk", 1), 1024),
    receivedBytes: sum("net", 1),
    sentBytes: sum("net", 2),
  };
}
