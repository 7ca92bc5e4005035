/** What environment variables may be, and how a change to them is applied. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changeVariables, maxValueBytes, maxVariables, variableProblems } from "../../workers/rules/variables.ts";

describe("variables", () => {
  it("accepts names a POSIX shell can carry", () => {
    expect(variableProblems({ PATH_2: "/bin", _x: "", a: "=; $(reboot)\n" })).toEqual([]);
  });

  it.each(["", "1A", "A-B", "A B", "A=B", "Ä", "A\n", "a".repeat(129)])("refuses the name %j", (name) => {
    expect(variableProblems({ [name]: "x" })).toEqual([{ name, problem: "bad_name" }]);
  });

  it("refuses NUL, values that are too long, too many and too much of all", () => {
    expect(variableProblems({ A: "a\0b" })).toEqual([{ name: "A", problem: "contains_nul" }]);
    expect(variableProblems({ A: "ü".repeat(maxValueBytes / 2 + 1) })).toEqual([
      { name: "A", problem: "value_too_long" },
    ]);
    const many = Object.fromEntries(Array.from({ length: maxVariables + 1 }, (_, index) => [`A${index}`, ""]));
    expect(variableProblems(many)).toEqual([{ name: "", problem: "too_many" }]);
    const much = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`A${index}`, "x".repeat(maxValueBytes)]));
    expect(variableProblems(much)).toEqual([{ name: "", problem: "too_large_together" }]);
  });

  it("removes by null, sets by text and leaves the rest", () => {
    expect(changeVariables({ A: "1", B: "2" }, { A: null, C: "3", D: null })).toEqual({ B: "2", C: "3" });
  });

  it("keeps every name as data, __proto__ too", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (changes) => {
        expect(Object.entries(changeVariables({}, changes)).sort()).toEqual(Object.entries(changes).sort());
      }),
    );
    expect(Object.keys(changeVariables({}, JSON.parse('{"__proto__":"x"}')))).toEqual(["__proto__"]);
  });
});
