/** A short soak: two minutes of cuts, stalls and kills under typing and flood, with the whole product. */
import { expect, it } from "vitest";
import { soak } from "./soak.ts";
import { faultsIn } from "./verdict.ts";

it("loses, doubles and misplaces nothing, and shows everybody the same", { timeout: 600_000 }, async () => {
  const verdict = await soak({ minutes: 2, cuts: 500, secondsBetweenKills: 30 }, () => {});
  expect(faultsIn(verdict)).toEqual([]);
  expect(verdict.words.a.arrived + verdict.words.b.arrived).toBeGreaterThan(0);
  expect(verdict.cuts).toBeGreaterThan(0);
});
