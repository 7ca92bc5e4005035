/** Scrollback: harmless whatever it was, in its colours, and looked at no further than it is kept. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  capturedLines,
  cleanLine,
  type LineBounds,
  newestLines,
} from "../../../../bridge/runtime/session/scrollback.ts";

const esc = "\u001b";
const unbounded: LineBounds = { maxLines: 10_000, maxBytes: 1e9 };
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(esc, "[", "]", "3", ";", "m", "\\", "\u0007", "\ud800", "\u009b", "é", "日") }),
);
const coloured = fc.string({
  unit: fc.constantFrom(`${esc}[31m`, `${esc}[1m`, `${esc}[44m`, `${esc}[m`, `${esc}[0m`, "x", "q", "\u000e", "\u000f"),
  maxLength: 30,
});
const jsonBytes = (lines: string[]) =>
  lines.reduce((sum, line) => sum + Buffer.byteLength(JSON.stringify(line)) + 1, 0);

/** By looking at everything: the longest end that is within bounds, with the colours that all before it leave. */
function newestByAll(lines: string[], { maxLines, maxBytes }: LineBounds): string[] {
  const clean = lines.map(cleanLine);
  if (clean.length <= maxLines && jsonBytes(clean) <= maxBytes) return clean;
  let from = Math.max(0, clean.length - maxLines);
  while (jsonBytes(clean.slice(from)) > maxBytes - 2_048) from += 1;
  const [first, ...later] = clean.slice(from);
  if (first === undefined) return [];
  const before =
    clean
      .slice(0, from)
      .join("")
      .split(new RegExp(`${esc}\\[0?m`))
      .at(-1) ?? "";
  return [(before.match(new RegExp(`${esc}\\[[0-9;:]{0,60}m`, "g")) ?? []).slice(-16).join("") + first, ...later];
}

/** The array, and the lowest index that was read of it. */
function watched(lines: string[]) {
  const seen = { lowest: lines.length };
  const get = (target: string[], key: string | symbol) => {
    if (/^\d+$/.test(String(key))) seen.lowest = Math.min(seen.lowest, Number(key));
    return Reflect.get(target, key);
  };
  return { seen, lines: new Proxy(lines, { get }) };
}

describe("the newest lines", () => {
  const bounds = fc.record({
    maxLines: fc.integer({ min: 1, max: 25 }),
    maxBytes: fc.integer({ min: 2_048, max: 2_500 }),
  });

  it("are the longest end within bounds, with the colours that all before it leave", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(text, coloured), { maxLength: 30 }), bounds, (lines, some) => {
        const kept = newestLines(lines, some);
        expect(kept).toEqual(newestByAll(lines, some));
        expect(newestLines(kept, some)).toEqual(kept);
      }),
    );
  });

  it("are the same of what was captured, also where tmux shifts out in one line and in again in another", () => {
    fc.assert(
      fc.property(fc.array(coloured, { maxLength: 30 }), bounds, (lines, some) => {
        const all = capturedLines(lines.join("\n"), unbounded);
        expect(capturedLines(lines.join("\n"), some)).toEqual(newestByAll(all, some));
      }),
    );
  });

  it.each([
    ["bytes", { maxLines: 1_000, maxBytes: 2_048 + 100 * 104 }],
    ["lines", { maxLines: 100, maxBytes: 1e6 }],
  ])("are found without a look at what is beyond the limit of %s and the last reset", (_, some) => {
    const all = Array.from({ length: 500 }, () => "x".repeat(101));
    all[360] = `${esc}[0m${esc}[31m`;
    const { seen, lines } = watched(all);
    const kept = newestLines(lines, some);
    expect(kept).toHaveLength(100);
    expect(kept[0]).toBe(`${esc}[31m${"x".repeat(101)}`);
    expect(seen.lowest).toBe(360);
  });
});

describe("a line of scrollback", () => {
  it("keeps text and colours and nothing else", () => {
    const title = `${esc}]0;title\u0007`;
    const link = `${esc}]8;;http://x${esc}\\`;
    const line = `${title}${esc}[1;38;2;1;2;3mb${esc}[0m${esc}[2J${esc}[?1049h${esc}c${link}日\u0007\u0000\u009b5nx\ty${esc}[6n`;
    expect(cleanLine(line)).toBe(`${esc}[1;38;2;1;2;3mb${esc}[0mc日5nx\ty`);
  });

  it("holds no control character but tab, and no escape but of a colour, whatever it was", () => {
    fc.assert(
      fc.property(text, (any) => {
        const clean = cleanLine(any);
        expect(clean.replace(new RegExp(`${esc}\\[[0-9;:]*m`, "g"), "")).not.toMatch(/[^\t\P{Cc}]/u);
        expect(cleanLine(clean)).toBe(clean);
      }),
    );
  });

  it("draws the line characters of old programs, and leaves blank lines at the end out", () => {
    const printed = `\u000elq${esc}[31mk\u000f lq\nx\n\n${esc}[39m\n`;
    expect(capturedLines(printed, unbounded)).toEqual([`┌─${esc}[31m┐ lq`, "x"]);
    expect(capturedLines("a\u000eq\nq\u000fq\nq", unbounded)).toEqual(["a─", "─q", "q"]);
  });
});
