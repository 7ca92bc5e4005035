/** What the key row and the sticky modifiers send. */
import { describe, expect, it } from "vitest";
import {
  afterKey,
  type Latches,
  namedKeyBytes,
  pressLatch,
  released,
  typedBytes,
} from "../../workers/web/terminal/sticky-keys.ts";

const ctrl: Latches = { ctrl: "once", alt: "off" };
const alt: Latches = { ctrl: "off", alt: "once" };
const both: Latches = { ctrl: "locked", alt: "once" };

describe("latches", () => {
  it("go from off to once to locked and back", () => {
    const once = pressLatch(released, "ctrl");
    const locked = pressLatch(once, "ctrl");
    expect([once.ctrl, locked.ctrl, pressLatch(locked, "ctrl").ctrl]).toEqual(["once", "locked", "off"]);
    expect(locked.alt).toBe("off");
  });

  it("fall off after a key unless they are locked", () => {
    expect(afterKey(both)).toEqual({ ctrl: "locked", alt: "off" });
  });
});

describe("typedBytes", () => {
  it("leaves text alone while no modifier is held", () => {
    expect(typedBytes("c", released)).toBe("c");
  });

  it.each([
    ["c", "\x03"],
    ["C", "\x03"],
    ["d", "\x04"],
    ["z", "\x1a"],
    ["[", "\x1b"],
    ["\\", "\x1c"],
    ["@", "\x00"],
    [" ", "\x00"],
    ["_", "\x1f"],
    ["/", "\x1f"],
    ["?", "\x7f"],
    ["8", "\x7f"],
  ])("makes a control character of Ctrl and %j", (key, bytes) => {
    expect(typedBytes(key, ctrl)).toBe(bytes);
  });

  it("sends keys that have no control character as they are", () => {
    expect(typedBytes("é", ctrl)).toBe("é");
    expect(typedBytes("!", ctrl)).toBe("!");
  });

  it("prefixes an escape for Alt, also before a control character", () => {
    expect(typedBytes("b", alt)).toBe("\x1bb");
    expect(typedBytes("c", both)).toBe("\x1b\x03");
  });

  it("never changes a paste or a sequence", () => {
    expect(typedBytes("cd", ctrl)).toBe("cd");
    expect(typedBytes("\x1b[A", both)).toBe("\x1b[A");
  });
});

describe("namedKeyBytes", () => {
  it("follows the cursor key mode for plain arrows", () => {
    expect(namedKeyBytes("up", released, false)).toBe("\x1b[A");
    expect(namedKeyBytes("up", released, true)).toBe("\x1bOA");
    expect(namedKeyBytes("left", released, true)).toBe("\x1bOD");
  });

  it("numbers the modifiers of arrows in either mode", () => {
    expect(namedKeyBytes("right", ctrl, true)).toBe("\x1b[1;5C");
    expect(namedKeyBytes("left", alt, false)).toBe("\x1b[1;3D");
    expect(namedKeyBytes("down", both, false)).toBe("\x1b[1;7B");
  });

  it("sends Escape and Tab, with Alt as a prefix", () => {
    expect(namedKeyBytes("escape", released, true)).toBe("\x1b");
    expect(namedKeyBytes("tab", released, true)).toBe("\t");
    expect(namedKeyBytes("tab", alt, false)).toBe("\x1b\t");
    expect(namedKeyBytes("back-tab", released, true)).toBe("\x1b[Z");
  });

  it("sends Home and End like arrows, and the pages by their numbers in either mode", () => {
    expect(namedKeyBytes("home", released, false)).toBe("\x1b[H");
    expect(namedKeyBytes("end", released, true)).toBe("\x1bOF");
    expect(namedKeyBytes("home", ctrl, true)).toBe("\x1b[1;5H");
    expect(namedKeyBytes("page-up", released, true)).toBe("\x1b[5~");
    expect(namedKeyBytes("page-down", alt, false)).toBe("\x1b[6;3~");
  });
});
