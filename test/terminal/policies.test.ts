import { describe, expect, it } from "vitest";
import { decideSize } from "../../durable-objects/terminal/policies.ts";

const votes = [
  { size: { cols: 120, rows: 20 }, isOwner: true, usedAt: 3 },
  { size: { cols: 40, rows: 50 }, isOwner: false, usedAt: 9 },
  { size: { cols: 100, rows: 30 }, isOwner: true, usedAt: 5 },
];

describe("the size of a terminal", () => {
  it.each([
    ["smallest", { kind: "smallest" }, { cols: 40, rows: 20 }],
    ["latest", { kind: "latest" }, { cols: 40, rows: 50 }],
    ["owner", { kind: "owner" }, { cols: 100, rows: 20 }],
    ["fixed", { kind: "fixed", size: { cols: 7, rows: 9 } }, { cols: 7, rows: 9 }],
  ] as const)("by the policy %s", (_name, policy, expected) => {
    expect(decideSize(policy, votes)).toEqual(expected);
  });

  it.each(["smallest", "latest", "owner"] as const)("stays as it is when nobody counts, by the policy %s", (kind) => {
    expect(decideSize({ kind }, [])).toBeNull();
  });
});
