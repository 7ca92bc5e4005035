import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bridgeOf, weightOf } from "../../durable-objects/protocol/placement.ts";
import vectors from "./vectors.json" with { type: "json" };

const ids = fc.uniqueArray(fc.string({ minLength: 8, maxLength: 64 }), { minLength: 1, maxLength: 8 });

describe("placement", () => {
  it.each(vectors.placement)("weighs $bridge for $environment as it stands in the vectors", (vector) => {
    expect(weightOf(vector.bridge, vector.environment)).toBe(vector.weight);
  });

  it("is the same whatever the order of the bridges, and nobody's without any", () => {
    expect(bridgeOf("env_a", [])).toBeNull();
    fc.assert(
      fc.property(fc.string(), ids, (environment, bridges) => {
        expect(bridgeOf(environment, [...bridges].reverse())).toBe(bridgeOf(environment, bridges));
      }),
    );
  });

  it("moves only what was the leaving one's, or becomes the coming one's", () => {
    fc.assert(
      fc.property(fc.string(), ids, fc.nat(), (environment, bridges, at) => {
        const leaving = bridges[at % bridges.length] ?? "";
        const before = bridgeOf(environment, bridges);
        const after = bridgeOf(
          environment,
          bridges.filter((id) => id !== leaving),
        );
        if (before !== leaving) expect(after).toBe(before);
      }),
    );
  });

  it("spreads environments evenly over bridges named as processes name themselves", () => {
    const bridges = [1, 2, 3].map((n) => `0a1b2c3d-0000-4000-8000-00000000000${n}`);
    const counts = new Map<string | null, number>();
    for (let n = 0; n < 3_000; n += 1) {
      const id = bridgeOf(`env_${n.toString(36).padStart(20, "0")}`, bridges);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    for (const bridge of bridges) expect(counts.get(bridge)).toBeGreaterThan(850);
  });
});
