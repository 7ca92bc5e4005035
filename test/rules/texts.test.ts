import { describe, expect, it } from "vitest";
import { carried, printable } from "../../workers/rules/texts.ts";

/** As JavaScript reads them and as validators of JSON Schema do. */
const readings = (pattern: RegExp) => [pattern, new RegExp(pattern.source, "u")];

describe.each([0, 1])("text, as reading %i of the patterns", (reading) => {
  const isPrintable = (text: string) => readings(printable)[reading]?.test(text);
  const isCarried = (text: string) => readings(carried)[reading]?.test(text);

  it("may be of every script and hold every picture", () => {
    for (const text of ["", "Ada L.", "日本語", "😀👩‍👩‍👧", "é", "#{pane_pid} $(id)"]) {
      expect([isPrintable(text), isCarried(text)]).toEqual([true, true]);
    }
  });

  it("is not printable with control characters, lines and marks that turn it around", () => {
    for (const text of ["a\nb", "\r", "\t", "\u001b[31m", "\u007f", "\u0085", "\u2028", "\u2029", "\u202e", "\u2066"]) {
      expect([isPrintable(text), isCarried(text)]).toEqual([false, true]);
    }
  });

  it("is carried by nothing with NUL or half a character", () => {
    for (const text of ["\0", "a\0b", "\ud800", "\udc00", "\udc00\ud800", "a\ud83d", "😀\ude00"]) {
      expect([isPrintable(text), isCarried(text)]).toEqual([false, false]);
    }
  });
});
