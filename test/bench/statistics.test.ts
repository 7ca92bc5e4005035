import { describe, expect, it } from "vitest";
import { distance, percentile, rotated, summarizeRounds } from "./statistics.ts";

describe("statistics of the benchmark", () => {
  it("takes percentiles by nearest rank, whatever the order of the samples", () => {
    const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([percentile(samples, 0.5), percentile(samples, 0.99), percentile(samples, 1)]).toEqual([50, 99, 100]);
    expect(percentile([7], 0.01)).toBe(7);
  });

  it("refuses to sum up nothing", () => {
    expect(() => percentile([], 0.5)).toThrow("no samples");
  });

  it("lets one disturbed round of three decide nothing but the range", () => {
    expect(
      summarizeRounds([
        [1, 1, 2],
        [90, 90, 99],
        [2, 2, 3],
      ]),
    ).toEqual({
      samples: 9,
      p50: 2,
      p99: 3,
      p50Range: [1, 90],
    });
  });

  it("tells how far two distributions are apart", () => {
    expect(distance([1, 2, 3, 4], [4, 3, 2, 1])).toBe(0);
    expect(distance([1, 2, 3, 4], [3, 4, 5, 6])).toBe(0.5);
    expect(distance([1, 2], [3, 4])).toBe(1);
  });

  it("gives every contestant every place in the order", () => {
    expect([0, 1, 2, 3].map((round) => rotated(["a", "b", "c"], round).join(""))).toEqual(["abc", "bca", "cab", "abc"]);
  });
});
