/** Sizes as text and as whole numbers, and what a plan makes of them. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sizeWithinPlan, smallestSizes } from "../../workers/rules/plans.ts";
import { formatBytes, formatCpu, formatResources, parseBytes, parseCpu } from "../../workers/rules/quantities.ts";

const gibi = 2 ** 30;

describe("quantities", () => {
  it.each([
    ["500m", 500],
    ["1", 1000],
    ["0.5", 500],
    ["1.25", 1250],
  ])("reads %s processors as %i millicores", (text, millicores) => {
    expect(parseCpu(text)).toEqual({ ok: true, value: millicores });
  });

  it.each([
    ["1Gi", gibi],
    ["512Mi", 512 * 2 ** 20],
    ["1.5Gi", 1.5 * gibi],
    ["2G", 2e9],
    ["100k", 1e5],
    ["1048576", 1048576],
  ])("reads %s as %i bytes", (text, bytes) => {
    expect(parseBytes(text)).toEqual({ ok: true, value: bytes });
  });

  it.each(["", " 1", "1 ", "-1", "0", "0m", "1e3", "1Zi", "m", "1m m", "NaN", "0x10", "1,5", "99999999999999999999"])(
    "refuses %j with the text that was wrong",
    (text) => {
      for (const parse of [parseCpu, parseBytes])
        expect(parse(text)).toMatchObject({ ok: false, failure: { kind: "malformed_quantity", text } });
    },
  );

  it("writes what it reads", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), (millicores) => {
        expect(parseCpu(formatCpu(millicores))).toEqual({ ok: true, value: millicores });
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 50 }), fc.constantFrom(1, 1024, 2 ** 20, 2 ** 30), (count, unit) => {
        const bytes = Math.min(count * unit, 2 ** 52);
        expect(parseBytes(formatBytes(bytes))).toEqual({ ok: true, value: bytes });
      }),
    );
  });

  it("never throws, whatever the text", () => {
    fc.assert(fc.property(fc.string(), (text) => [parseCpu(text), parseBytes(text)].every((read) => "ok" in read)));
  });
});

describe("sizes within a plan", () => {
  const free = { maxCpuMillicores: 1000, maxMemoryBytes: 2 * gibi, maxStorageBytes: 10 * gibi };
  const large = { cpu_millicores: 2000, memory_bytes: gibi, storage_bytes: 20 * gibi };

  it("clamps what nobody asked for", () => {
    const sized = sizeWithinPlan({}, large, free);
    expect(sized.ok && formatResources(sized.resources)).toEqual({ cpu: "1", memory: "1Gi", storage: "10Gi" });
  });

  it("keeps what was asked for and refuses what exceeds the plan, with both sizes", () => {
    const sized = sizeWithinPlan({ memory_bytes: 2 * gibi }, large, free);
    expect(sized.ok && sized.resources.memory_bytes).toBe(2 * gibi);
    expect(sizeWithinPlan({ storage_bytes: 11 * gibi }, large, free)).toEqual({
      ok: false,
      failure: { kind: "too_large", resource: "storage", asked: "11Gi", limit: "10Gi" },
    });
  });

  it("refuses what is too small for a shell", () => {
    const sized = sizeWithinPlan({ cpu_millicores: smallestSizes.cpu_millicores - 1 }, large, free);
    expect(sized).toMatchObject({ ok: false, failure: { kind: "too_small", resource: "cpu", limit: "50m" } });
  });
});
