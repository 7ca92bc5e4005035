/** The format of a saved session: what is written is read again, and whatever else is read is nothing or harmless. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  boundedSession,
  encodeSession,
  parseSession,
  type SavedSession,
  sessionLimits,
} from "../../../../bridge/runtime/session/saved-session.ts";

const esc = "\u001b";
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(esc, "[", "]", "3", ";", "m", "\\", "\u0007", "\ud800", "\u009b", "é", "日") }),
);
const window = fc.record({
  id: fc.nat(),
  name: text,
  directory: fc.oneof(
    text,
    text.map((rest) => `/${rest}`),
  ),
  lines: fc.array(text, { maxLength: 30 }),
});
const session: fc.Arbitrary<SavedSession> = fc.record({
  windows: fc.array(window, { minLength: 1, maxLength: 25 }),
  active: fc.nat(30),
  omitted: fc.record({ windows: fc.nat(5), panes: fc.nat(5) }),
});

const plain = (lines: string[]): SavedSession => ({
  windows: [{ id: 0, name: "sh", directory: "/", lines }],
  active: 0,
  omitted: { windows: 0, panes: 0 },
});
const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe("a saved session", () => {
  it("is read as it was written, within its limits", () => {
    fc.assert(
      fc.property(session, (any) => {
        expect(parseSession(JSON.stringify({ version: 1, ...any }))).toEqual(boundedSession(any));
        expect(parseSession(encodeSession(boundedSession(any)))).toEqual(boundedSession(any));
        expect(boundedSession(boundedSession(any))).toEqual(boundedSession(any));
      }),
    );
  });

  it("is nothing when it is anything else, and nothing throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.json(), (garbage, json) => {
        expect(parseSession(garbage)).toBeNull();
        expect(parseSession(json)).toBeNull();
      }),
    );
    for (const other of ["", "null", "[]", '{"version":2}', '{"__proto__":{"version":1}}', "[".repeat(100_000)]) {
      expect(parseSession(other)).toBeNull();
    }
  });

  it("never throws on a text that was damaged, and holds its limits then", () => {
    fc.assert(
      fc.property(session, fc.nat(), fc.string({ maxLength: 5 }), (any, at, damage) => {
        const whole = encodeSession(any);
        const cut = at % whole.length;
        expect(parseSession(whole.slice(0, cut))).toBeNull();
        const damaged = parseSession(whole.slice(0, cut) + damage + whole.slice(cut + damage.length));
        if (damaged !== null) expect(boundedSession(damaged)).toEqual(damaged);
      }),
    );
  });

  it("refuses a version it does not know, no window, and a text over the limit", () => {
    const written = JSON.parse(encodeSession(plain(["x"])));
    expect(parseSession(JSON.stringify({ ...written, version: 2 }))).toBeNull();
    expect(parseSession(JSON.stringify({ ...written, windows: [] }))).toBeNull();
    expect(parseSession(JSON.stringify({ ...written, active: -1 }))).toBeNull();
    expect(parseSession(JSON.stringify(written) + " ".repeat(sessionLimits.maxBytes))).toBeNull();
  });

  it("keeps the newest lines of each window, in their colours", () => {
    const lines = Array.from({ length: 3_000 }, (_, index) => `line ${index}`);
    lines[10] = `${esc}[31mred from here`;
    const kept = boundedSession(plain(lines)).windows[0]?.lines ?? [];
    expect(kept).toHaveLength(sessionLimits.maxLines);
    expect(kept[0]).toBe(`${esc}[31mline 1000`);
    expect(kept.at(-1)).toBe("line 2999");
  });

  it("stays below its limit in bytes with as much as can be in it", () => {
    const lines = Array.from({ length: 2_500 }, () => '"\\日'.repeat(300));
    const full = { id: 999, name: '"'.repeat(300), directory: `/${'"'.repeat(4_000)}`, lines };
    const any = { windows: Array.from({ length: 25 }, () => full), active: 24, omitted: { windows: 0, panes: 0 } };
    const written = encodeSession(boundedSession(any));
    expect(Buffer.byteLength(written)).toBeLessThanOrEqual(sessionLimits.maxBytes);
    const read = parseSession(written);
    expect(read?.windows).toHaveLength(sessionLimits.maxWindows);
    expect(read).toMatchObject({ active: 0, omitted: { windows: 5, panes: 0 } });
    for (const each of read?.windows ?? []) expect(bytes(each.lines)).toBeLessThan(sessionLimits.maxWindowBytes);
    expect(bytes(read?.windows[0]?.lines)).toBeGreaterThan(90_000);
  });

  it("takes no directory that is relative, too long or holds NUL", () => {
    for (const directory of ["relative", `/${"x".repeat(4_096)}`, "/nul\0", "/half\ud800"]) {
      const any = { ...plain([]), windows: [{ id: 1, name: "", directory, lines: [] }] };
      expect(boundedSession(any).windows[0]?.directory).toBe("");
    }
  });
});
