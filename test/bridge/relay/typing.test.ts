/** What reaches the shell: each numbered input once, a paste in one piece, nobody's input lost. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { InputLedger } from "../../../bridge/relay/ledger.ts";
import { type Typed, Typing } from "../../../bridge/relay/typing.ts";
import { timing } from "../../../durable-objects/protocol/timing.ts";

const esc = "\u001b";
const [begin, end] = [`${esc}[200~`, `${esc}[201~`];

describe("typing", () => {
  let written: string[];
  let receipts: Record<string, number>;
  let handedOver: string[];
  let gaps: string[];
  let interrupts: number;
  let modes: { isBracketedPaste: boolean; isApplicationCursor: boolean };
  let ledger: InputLedger;
  let typing: Typing;
  const open = () =>
    new Typing("env_1:main", ledger, {
      write: (text) => written.push(text),
      onInterrupt: () => {
        interrupts += 1;
      },
      onHandedOver: (from, i) => handedOver.push(`${from} ${i}`),
      onApplied: (from, i) => {
        receipts[from] = i;
      },
      onGap: (from, i, after) => gaps.push(`${from} ${i} after ${after}`),
      modes: () => modes,
    });
  const input = (from: string, i: number, data: string) => typing.take({ type: "input", from, i, data });
  const paste = (from: string, i: number, data: string, last = false, id = "p") =>
    typing.take({ type: "paste", from, i, id, data, last });

  beforeEach(() => {
    vi.useFakeTimers();
    written = [];
    receipts = {};
    handedOver = [];
    gaps = [];
    interrupts = 0;
    modes = { isBracketedPaste: true, isApplicationCursor: true };
    ledger = new InputLedger("test");
    typing = open();
  });
  afterEach(() => vi.useRealTimers());

  it("applies what is next, receipts what it knows again, and refuses what leaves a gap", () => {
    input("a", 1, "x");
    input("a", 1, "x");
    input("a", 3, "z");
    input("a", 2, "y");
    expect(written.join("")).toBe("xy");
    expect(receipts).toEqual({ a: 2 });
    expect(handedOver).toEqual(["a 1", "a 2"]);
    expect(gaps).toEqual(["a 3 after 1"]);
  });

  it("applies what has no number as it comes", () => {
    typing.take({ type: "input", data: "x" });
    typing.take({ type: "input", data: "x" });
    expect(written.join("")).toBe("xx");
  });

  it("remembers over its own end, for each terminal by itself", () => {
    input("a", 1, "x");
    typing = open();
    input("a", 1, "x");
    expect(typing.appliedOf("a")).toBe(1);
    expect(written.join("")).toBe("x");
    const other = new Typing("env_2:main", ledger, { ...noEvents, write: (text) => written.push(text) });
    other.take({ type: "input", from: "a", i: 1, data: "there" });
    expect(written.join("")).toBe("xthere");
  });

  it("encodes keys by the modes, and hears interrupts", () => {
    typing.take({ type: "key", from: "a", i: 1, name: "up" });
    modes.isApplicationCursor = false;
    typing.take({ type: "key", from: "a", i: 2, name: "up", mods: [] });
    input("a", 3, "\u0003");
    expect(written).toEqual([`${esc}OA`, `${esc}[A`, "\u0003"]);
    expect(interrupts).toBe(1);
  });

  it("keeps a paste in one piece while others wait, and their receipts too", () => {
    paste("a", 1, "one ");
    input("b", 1, "b");
    typing.take({ type: "input", data: "old" });
    paste("c", 1, "c", true, "q");
    paste("a", 2, "two", true);
    expect(written.join("")).toBe(`${begin}one two${end}bold${begin}c${end}`);
    expect(receipts).toEqual({ a: 2, b: 1, c: 1 });
  });

  it("says of what waits that it has not come", () => {
    paste("a", 1, "one");
    input("b", 1, "b");
    expect(typing.appliedOf("b")).toBe(0);
    input("b", 1, "b");
    paste("a", 2, "", true);
    expect(written.join("")).toBe(`${begin}one${end}b`);
  });

  it("closes a paste that falls silent, and opens its brackets anew when it goes on", () => {
    paste("a", 1, "one");
    input("b", 1, "b");
    vi.advanceTimersByTime(timing.pasteSilentMs - 1);
    expect(written.join("")).toBe(`${begin}one`);
    vi.advanceTimersByTime(1);
    expect(written.join("")).toBe(`${begin}one${end}b`);
    paste("a", 2, "two", true);
    expect(written.join("")).toBe(`${begin}one${end}b${begin}two${end}`);
  });

  it("closes the paste of an author who was sent away, and of nobody else", () => {
    paste("a", 1, "one");
    input("b", 1, "b");
    typing.leave("b");
    typing.leave("c");
    expect(written.join("")).toBe(`${begin}one`);
    typing.leave("a");
    typing.leave("a");
    expect(written.join("")).toBe(`${begin}one${end}b`);
  });

  it("takes anything else of the same author as the end of the paste", () => {
    paste("a", 1, "one");
    input("b", 1, "b");
    input("a", 2, "\r");
    expect(written.join("")).toBe(`${begin}one${end}b\r`);
    paste("a", 3, "two", false, "q");
    paste("a", 4, "three", true, "r");
    expect(written.join("")).toBe(`${begin}one${end}b\r${begin}two${end}${begin}three${end}`);
  });

  it("closes a paste when too much waits for it", () => {
    paste("a", 1, "one");
    for (let i = 1; i <= 20; i += 1) input("b", i, "x".repeat(60_000));
    expect(written.join("")).toBe(`${begin}one${end}${"x".repeat(1_200_000)}`);
  });

  it("lets what waited for a shell that ended be sent again to the next one", () => {
    paste("a", 1, "one");
    input("b", 1, "b");
    typing.reset();
    expect(typing.appliedOf("b")).toBe(0);
    input("b", 1, "b");
    expect(written.join("")).toBe(`${begin}oneb`);
  });

  it("applies every input exactly once and in its author's order, whatever is sent again", () => {
    const step = fc.record({
      from: fc.constantFrom("a", "b", "c"),
      kind: fc.constantFrom<("input" | "part" | "last")[]>("input", "part", "last"),
      back: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
        modes.isBracketedPaste = false;
        written.length = 0;
        ledger = new InputLedger("property");
        typing = open();
        const sent: Record<string, Typed[]> = { a: [], b: [], c: [] };
        for (const { from, kind, back } of steps) {
          const mine = sent[from] ?? [];
          const i = mine.length + 1;
          const data = `${from}${i} `;
          const typed: Typed =
            kind === "input"
              ? { type: "input", from, i, data }
              : { type: "paste", from, i, id: "p", data, last: kind === "last" };
          mine.push(typed);
          for (const each of mine.slice(-1 - back)) typing.take(each);
        }
        vi.advanceTimersByTime(timing.pasteSilentMs * 4);
        const words = written.join("").trim().split(" ");
        for (const from of ["a", "b", "c"]) {
          const mine = words.filter((word) => word.startsWith(from));
          expect(mine).toEqual((sent[from] ?? []).map((_, index) => `${from}${index + 1}`));
        }
      }),
    );
  });
});

const noEvents = {
  write: () => {},
  onInterrupt: () => {},
  onHandedOver: () => {},
  onApplied: () => {},
  onGap: () => {},
  modes: () => ({ isBracketedPaste: false, isApplicationCursor: false }),
};
