import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytesQuantity,
  cpuQuantity,
  parseQuantity,
} from "../../../../bridge/runtime/kubernetes/manifests/quantities.ts";

describe("quantities", () => {
  it.each([
    [500, "500m"],
    [1000, "1"],
    [1500, "1500m"],
    [0, "0"],
  ])("writes %i millicores as the API server does", (millicores, text) => expect(cpuQuantity(millicores)).toBe(text));

  it.each([
    [2 ** 31, "2Gi"],
    [1.5 * 2 ** 30, "1536Mi"],
    [2 ** 30 + 1, "1073741825"],
    [10_000_000_000, "9765625Ki"],
    [0, "0"],
  ])("writes %i bytes as the API server does", (bytes, text) => expect(bytesQuantity(bytes)).toBe(text));

  it("reads back what it writes", () => {
    fc.assert(
      fc.property(fc.nat(Number.MAX_SAFE_INTEGER), (amount) => {
        expect(parseQuantity(bytesQuantity(amount))).toBe(amount);
      }),
    );
    fc.assert(
      fc.property(fc.nat(1e9), (millicores) => {
        expect(Math.round((parseQuantity(cpuQuantity(millicores)) ?? -1) * 1000)).toBe(millicores);
      }),
    );
  });

  it.each([
    ["12521514n", 0.012521514],
    ["14728Ki", 15_081_472],
    ["250u", 0.00025],
    ["1e3", 1000],
    ["1.5Gi", 1.5 * 2 ** 30],
    ["2E", 2e18],
  ])("reads %s, as metrics may write it", (text, value) => expect(parseQuantity(text)).toBeCloseTo(value, 9));

  it.each(["1.5Gib", "", "Gi", "1 Gi", "0x10", "1gi", "NaN", "Infinity", "1e", "--1"])("finds nothing in %j", (text) =>
    expect(parseQuantity(text)).toBeNull(),
  );

  it.each([0.5, -1, Number.NaN, Number.POSITIVE_INFINITY])("writes no %d", (amount) => {
    expect(() => bytesQuantity(amount)).toThrow(RangeError);
    expect(() => cpuQuantity(amount)).toThrow(RangeError);
  });
});
