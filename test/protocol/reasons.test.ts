import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { observedEnvironmentSchema, observedPhases } from "../../durable-objects/protocol/bridge-api.ts";
import { observedReasons, reasonFacts, reasons } from "../../durable-objects/protocol/reasons.ts";

const readme = readFileSync(new URL("../../durable-objects/protocol/README.md", import.meta.url), "utf8");

const report = {
  environment_id: `env_${"a".repeat(20)}`,
  generation: 1,
  phase: "error",
  status_message: null,
  installation_completed: false,
};

describe("reasons", () => {
  it("are told in the README as they are defined", () => {
    const rows = [...readme.matchAll(/^\| `(\w+)` \| ([a-z, ]+) \| (itself|user|operator) \|$/gm)];
    const told = rows.map(([, reason, phases, mender]) => [reason, phases, mender]);
    expect(told).toEqual(
      reasons.map((reason) => [reason, reasonFacts[reason].phases.join(", "), reasonFacts[reason].mender]),
    );
  });

  it("fit the columns and the frames they are told in", () => {
    for (const reason of reasons) {
      expect(reason).toMatch(/^[a-z_]{3,32}$/);
      expect(reasonFacts[reason].message.length).toBeLessThanOrEqual(100);
    }
  });

  it("that are errors either are tried again or say that they are not", () => {
    for (const reason of observedReasons.filter((each) => reasonFacts[each].phases.includes("error"))) {
      expect(reasonFacts[reason].retrier, reason).not.toBeNull();
    }
  });

  it("are parsed if they are known; an unknown one costs no report", () => {
    for (const reason of observedReasons) {
      expect(observedEnvironmentSchema.parse({ ...report, reason })).toMatchObject({ reason });
    }
    expect(observedEnvironmentSchema.parse({ ...report, reason: "of_a_later_version" })).toMatchObject({
      reason: null,
    });
  });

  it("of a bridge come with phases that a bridge can report", () => {
    for (const reason of observedReasons) {
      const { phases } = reasonFacts[reason];
      expect(
        phases.some((phase) => (observedPhases as readonly string[]).includes(phase)),
        reason,
      ).toBe(true);
    }
  });
});
