/** Which limit of a plan stands against an environment. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { monthOf } from "../../workers/rules/months.ts";
import { hoursOf, type PlanUse, quotaRefusal } from "../../workers/rules/quotas.ts";

const gibi = 2 ** 30;
const use: PlanUse = {
  plan: "starter",
  maxEnvironments: 3,
  maxCpuMillicores: 2000,
  maxMemoryBytes: 4 * gibi,
  maxStorageBytes: 20 * gibi,
  runningSecondsPerMonth: 300 * 3600,
  environments: 3,
  runningSeconds: 0,
};
const small = { cpu_millicores: 500, memory_bytes: gibi, storage_bytes: 10 * gibi };

describe("a plan's limit", () => {
  it("of places stands against a new one when all are taken, and against one that is there when there are too many", () => {
    expect(quotaRefusal(use, small, false)).toBeNull();
    expect(quotaRefusal(use, small, true)).toMatchObject({ what: "environments", plan: "starter", limit: "3" });
    expect(quotaRefusal({ ...use, environments: 4 }, small, false)).toMatchObject({ what: "environments" });
    expect(quotaRefusal({ ...use, environments: 2 }, small, true)).toBeNull();
  });

  it.each([
    [{ cpu_millicores: 2001 }, "cpu", "2"],
    [{ memory_bytes: 4 * gibi + 1 }, "memory", "4Gi"],
    [{ storage_bytes: 21 * gibi }, "storage", "20Gi"],
  ])("of sizes stands against %j", (size, what, limit) => {
    expect(quotaRefusal(use, { ...small, ...size }, false)).toMatchObject({ what, limit });
  });

  it("of hours stands from the last allowed second on, and where there is none never", () => {
    const having = (runningSeconds: number, runningSecondsPerMonth: number | null = 300 * 3600) =>
      quotaRefusal({ ...use, runningSeconds, runningSecondsPerMonth }, small, false);
    expect(having(300 * 3600 - 1)).toBeNull();
    expect(having(300 * 3600)).toMatchObject({ what: "running hours", limit: "300" });
    expect(having(1e9, null)).toBeNull();
    expect(hoursOf(5400)).toBe(1.5);
  });
});

describe("a month", () => {
  it("holds its moment and ends where the next begins, in UTC", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }), (now) => {
        const month = monthOf(now);
        expect(month.startsAt.getTime()).toBeLessThanOrEqual(now.getTime());
        expect(month.endsAt.getTime()).toBeGreaterThan(now.getTime());
        expect(month.firstDay).toMatch(/^\d{4}-\d\d-01$/);
        expect(monthOf(month.endsAt).startsAt).toEqual(month.endsAt);
      }),
    );
  });
});
