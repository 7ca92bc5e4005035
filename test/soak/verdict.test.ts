/** Which verdicts are bad. */
import { describe, expect, it } from "vitest";
import { faultsIn, type Verdict } from "./verdict.ts";

const fine = { typed: 1, arrived: 1, doubled: [], misplaced: [], lost: [], uncertain: 0, strange: "" };
const good: Verdict = {
  minutes: 20,
  words: { a: fine, b: fine },
  cuts: 1,
  kills: 1,
  stream: { bytes: 1, differing: 0, gaps: 0, snapshots: 1 },
  wrongScreens: [],
  // A start that grows is no leak.
  memoryMegabytes: Array.from({ length: 200 }, (_, at) => 300 + Math.min(at, 60) + (at % 7)),
  frames: {},
};

describe("verdict", () => {
  it("is good without a fault", () => expect(faultsIn(good)).toEqual([]));

  it.each<[string, Partial<Verdict>]>([
    ["2 words lost", { words: { a: { ...fine, lost: [4, 7] }, b: fine } }],
    ["1 words doubled", { words: { a: fine, b: { ...fine, doubled: [4] } } }],
    ["1 words misplaced", { words: { a: fine, b: { ...fine, misplaced: [4] } } }],
    ["3 bytes differ", { stream: { ...good.stream, differing: 3 } }],
    ["1 gaps or repetitions", { stream: { ...good.stream, gaps: 1 } }],
    ["1 screens wrong", { wrongScreens: ["x"] }],
    ["1 file holds what nobody typed", { words: { a: { ...fine, strange: "?" }, b: fine } }],
    ["memory grows by 5.0 MB a minute", { memoryMegabytes: Array.from({ length: 200 }, (_, at) => 300 + at / 2) }],
  ])("tells of %s", (line, bad) => expect(faultsIn({ ...good, ...bad })).toEqual([line]));

  it("does not judge the memory of a short run", () => {
    expect(faultsIn({ ...good, minutes: 2, memoryMegabytes: [100, 200, 300, 400] })).toEqual([]);
  });
});
