/** Text cut for the wire, and what people are shown of it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Draft, pastedDrafts, piecesOf, typedDrafts } from "../../workers/web/terminal/drafts.ts";
import { textParts } from "../../workers/web/terminal/text-parts.ts";
import { visibleText } from "../../workers/web/terminal/visible-text.ts";

describe("textParts", () => {
  it("loses nothing, cuts no character and keeps the JSON of every part within the limit", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 400, size: "max" }),
        fc.integer({ min: 12, max: 100 }),
        (text, most) => {
          const parts = textParts(text, most);
          expect(parts.join("")).toBe(text);
          for (const part of parts) {
            expect(part).not.toBe("");
            expect(new TextEncoder().encode(JSON.stringify(part)).length - 2).toBeLessThanOrEqual(most);
            expect(/^[\udc00-\udfff]/.test(part) && text.isWellFormed()).toBe(false);
          }
        },
      ),
    );
  });
});

describe("piecesOf", () => {
  it("gives back what was typed and pasted, each in one piece", () => {
    const drafts: Draft[] = [
      ...typedDrafts("ls "),
      ...typedDrafts("-l\r"),
      ...pastedDrafts("x".repeat(40_000), "one"),
      ...pastedDrafts("y", "two"),
      ...typedDrafts("q"),
    ];
    expect(piecesOf(drafts)).toEqual([
      { kind: "typed", text: "ls -l\r" },
      { kind: "pasted", text: "x".repeat(40_000) },
      { kind: "pasted", text: "y" },
      { kind: "typed", text: "q" },
    ]);
    expect(piecesOf([])).toEqual([]);
  });
});

describe("visibleText", () => {
  it("writes control characters as people do", () => {
    expect(visibleText("ls\r\u0003\u001b[A\t")).toBe("ls⏎^C⎋[A⇥");
  });

  it("cuts what is long and says how long it is", () => {
    expect(visibleText("x".repeat(5_000))).toBe(`${"x".repeat(80)}… (5000 characters)`);
  });
});
