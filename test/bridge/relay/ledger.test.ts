/** Of each author every number is taken on once and in order, whatever is sent again. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputLedger } from "../../../bridge/relay/ledger.ts";

describe("input ledger", () => {
  it("takes every number on once and in order, however authors send theirs again", () => {
    const sent = fc.record({ author: fc.constantFrom("a", "b", "c"), i: fc.integer({ min: 1, max: 12 }) });
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 200, size: "max" }), (all) => {
        const ledger = new InputLedger("test");
        const taken = new Map<string, number[]>();
        for (const { author, i } of all) {
          const before = taken.get(author) ?? [];
          const last = before.at(-1);
          const verdict = ledger.accept(author, i);
          if (verdict.kind === "next") {
            taken.set(author, [...before, i]);
            ledger.applied(author, i);
          } else if (verdict.kind === "known") expect(i).toBeLessThanOrEqual(verdict.applied);
          else expect(verdict.after).toBe(last);
        }
        for (const [author, numbers] of taken) {
          expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
          expect(ledger.appliedOf(author)).toBe(numbers.at(-1));
        }
      }),
    );
  });

  it("counts as applied only what was, and takes on again what was given up", () => {
    const ledger = new InputLedger("test");
    ledger.accept("a", 1);
    ledger.applied("a", 1);
    ledger.accept("a", 2);
    expect(ledger.appliedOf("a")).toBe(1);
    expect(ledger.accept("a", 2)).toEqual({ kind: "known", applied: 1 });
    ledger.giveUp("a");
    expect(ledger.accept("a", 2)).toEqual({ kind: "next" });
  });

  it("forgets who was not heard for longest", () => {
    const ledger = new InputLedger("test", 3);
    for (const author of ["a", "b", "c"]) {
      ledger.accept(author, 7);
      ledger.applied(author, 7);
    }
    ledger.appliedOf("a");
    ledger.accept("d", 1);
    expect(["a", "b", "c", "d"].map((author) => ledger.appliedOf(author))).toEqual([7, 0, 7, 0]);
    expect(ledger.accept("b", 40)).toEqual({ kind: "next" });
  });
});
