/** Of each author every number is taken on once and in order, whatever is sent again. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Author, InputLedger } from "../../../bridge/relay/ledger.ts";

const at = (terminal: string, from: string): Author => ({ terminal, from });
const of = (from: string) => at("one", from);

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
          const verdict = ledger.accept(of(author), i);
          if (verdict.kind === "next") {
            taken.set(author, [...before, i]);
            ledger.applied(of(author), i);
          } else if (verdict.kind === "known") expect(i).toBeLessThanOrEqual(verdict.applied);
          else expect(verdict.after).toBe(last);
        }
        for (const [author, numbers] of taken) {
          expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
          expect(ledger.appliedOf(of(author))).toBe(numbers.at(-1));
        }
      }),
    );
  });

  it("counts as applied only what was, and takes on again what was given up", () => {
    const ledger = new InputLedger("test");
    ledger.accept(of("a"), 1);
    ledger.applied(of("a"), 1);
    ledger.accept(of("a"), 2);
    expect(ledger.appliedOf(of("a"))).toBe(1);
    expect(ledger.accept(of("a"), 2)).toEqual({ kind: "known", applied: 1 });
    ledger.giveUp(of("a"));
    expect(ledger.accept(of("a"), 2)).toEqual({ kind: "next" });
  });

  it("forgets who was not heard for longest", () => {
    const ledger = new InputLedger("test", 3);
    for (const author of ["a", "b", "c"]) {
      ledger.accept(of(author), 7);
      ledger.applied(of(author), 7);
    }
    ledger.appliedOf(of("a"));
    ledger.accept(of("d"), 1);
    expect(["a", "b", "c", "d"].map((author) => ledger.appliedOf(of(author)))).toEqual([7, 0, 7, 0]);
    expect(ledger.accept(of("b"), 40)).toEqual({ kind: "next" });
  });

  it("remembers the authors of other terminals, however many are made up at one", () => {
    const ledger = new InputLedger("test", 10);
    const say = (author: Author) => {
      ledger.accept(author, 7);
      ledger.applied(author, 7);
    };
    const others = ["a", "b", "c"].flatMap((from) => [at("two", from), at("three", from)]);
    others.forEach(say);
    for (let n = 0; n < 100; n += 1) say(of(`made-up-${n}`));
    expect(others.map((author) => ledger.appliedOf(author))).toEqual(others.map(() => 7));
    const made = Array.from({ length: 100 }, (_, n) => ledger.appliedOf(of(`made-up-${n}`)));
    expect(made).toEqual(made.map((_, n) => (n < 96 ? 0 : 7)));
  });

  it("forgets the terminal that was not heard for longest where each has one author", () => {
    const ledger = new InputLedger("test", 3);
    for (const terminal of ["a", "b", "c"]) ledger.applied(at(terminal, "me"), 7);
    ledger.appliedOf(at("a", "me"));
    ledger.applied(at("d", "me"), 7);
    expect(["a", "b", "c", "d"].map((terminal) => ledger.appliedOf(at(terminal, "me")))).toEqual([7, 0, 7, 7]);
  });
});
