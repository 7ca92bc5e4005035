/** Times of log lines, as nodes write them, and what the look into a container printed. */
import { expect, it } from "vitest";
import { compareTimes, inUtc } from "../../../../bridge/runtime/kubernetes/log/follow.ts";
import { lines } from "../../../../bridge/runtime/kubernetes/observe/json-lines.ts";
import { parseLook } from "../../../../bridge/runtime/kubernetes/usage/look.ts";

it("orders times that leave out zeros at their end", () => {
  const times = [
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.000000001Z",
    "2026-01-01T00:00:00.09Z",
    "2026-01-01T00:00:00.1Z",
  ];
  expect(times.toSorted(compareTimes)).toEqual(times);
  expect(times.toReversed().toSorted(compareTimes)).toEqual(times);
  expect(compareTimes("2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.100000000Z")).toBe(0);
});

it("reads the times of a node with a zone of its own", () => {
  expect(inUtc("2026-01-01T00:30:00.000000009+02:00")).toBe("2025-12-31T22:30:00.000000009Z");
  expect(inUtc("2026-01-01T00:30:00-05:30")).toBe("2026-01-01T06:00:00Z");
  for (const same of ["2026-01-01T00:30:00.1Z", "no time", ""]) expect(inUtc(same)).toBe(same);
});

async function* pieces(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}
async function linesOf(stream: AsyncIterable<Buffer>, maxBytes?: number, isCut?: boolean): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines(stream, maxBytes, isCut)) found.push(String(line));
  return found;
}

it("reads lines however they are cut", async () => {
  expect(await linesOf(pieces("a\nb", "c\n", "", "\n", "d"))).toEqual(["a", "bc", "", "d"]);
  expect(await linesOf(pieces("äö\n".slice(0, 1), "ö\n"))).toEqual(["äö"]);
  await expect(linesOf(pieces("123456"), 5)).rejects.toThrow(/too long/);
  expect(await linesOf(pieces("123456", "78\nab"), 5, true)).toEqual(["12345", "ab"]);
});

it("reads a look by cgroup v2, by v1, and by the processes alone", () => {
  const common = "net 10 20\nnet 1 2\ndisk 5\ndisk 1\nat 100.5\n";
  expect(parseLook(`memory 4096\ncpu 2500000\nrss 1\n${common}`)).toEqual({
    ...{ atSeconds: 100.5, cpuSeconds: 2.5, memoryBytes: 4096 },
    ...{ diskBytes: 6144, receivedBytes: 11, sentBytes: 22 },
  });
  expect(parseLook(`memory 1\ncpu1 2500000000\n${common}`)?.cpuSeconds).toBe(2.5);
  const ticks = "ticks S 1 1 1 0 -1 4 0 0 0 0 100 50 0 0";
  expect(parseLook(`rss 4\nrss 8\n${ticks}\n${ticks}\n${common}`)).toMatchObject({
    cpuSeconds: 3,
    memoryBytes: 12_288,
  });
  expect(parseLook("memory 1\n")).toBeNull();
  expect(parseLook("at 1\n")).toMatchObject({ cpuSeconds: null, memoryBytes: null, diskBytes: null });
});
