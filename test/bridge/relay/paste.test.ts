/** A paste stays between its brackets, whatever it holds and wherever its parts are cut. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Paste } from "../../../bridge/relay/paste.ts";

const esc = "\u001b";
const [begin, end] = [`${esc}[200~`, `${esc}[201~`];

function pasted(parts: string[], isBracketed: boolean): string {
  const paste = new Paste("author", "id", isBracketed);
  return parts.map((part) => paste.add(part)).join("") + paste.end();
}

function cut(text: string, cuts: number[]): string[] {
  const places = [...new Set(cuts.map((each) => each % (text.length + 1)))].sort((a, b) => a - b);
  return [...places, text.length].map((until, index) => text.slice(places[index - 1] ?? 0, until));
}

describe("paste", () => {
  it("passes ordinary text on as it is, between brackets only where they are asked for", () => {
    const text = "two\r\nlines\twith é€😀";
    expect(pasted([text], true)).toBe(begin + text + end);
    expect(pasted([text], false)).toBe(text);
  });

  it("cannot be left from inside, whatever the parts are", () => {
    const piece = fc.constantFrom(esc, "[", "2", "0", "1", "~", begin, end, `${esc}${end}`, "rm -rf ~", "\r", "😀");
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40, size: "max" }),
        fc.array(fc.nat(), { maxLength: 8 }),
        (pieces, cuts) => {
          const text = pieces.join("");
          const typed = pasted(cut(text, cuts), true);
          expect(typed.startsWith(begin)).toBe(true);
          const inside = typed.slice(begin.length);
          expect(inside.indexOf(end)).toBe(inside.length - end.length);
          expect(inside.indexOf(begin)).toBe(-1);
          // The last escape is the bracket's own: one before it would make another key of it.
          expect(inside.at(-end.length - 1)).not.toBe(esc);
          const plain = inside.slice(0, -end.length).replaceAll("\u241b", esc);
          expect(plain).toBe(text);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is the same text through every cut, also inside a character", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "😀", "\n", `${esc}[A`), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 8 }), (whole, cuts) => {
        const paste = new Paste("author", "id", false);
        const writes = [...cut(whole, cuts).map((part) => paste.add(part)), paste.end()];
        expect(writes.join("")).toBe(whole);
        for (const each of writes) expect(each.isWellFormed()).toBe(true);
      }),
    );
  });
});
