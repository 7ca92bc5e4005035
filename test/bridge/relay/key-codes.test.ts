/** Keys are what xterm sends (ctlseqs, "PC-Style Function Keys"). */
import { describe, expect, it } from "vitest";
import { encodeKey } from "../../../bridge/relay/key-codes.ts";
import { type KeyModifier, type KeyName, keyModifiers, keyNames } from "../../../durable-objects/protocol/keys.ts";

type Case = [KeyName, KeyModifier[], string];

const ordinary: Case[] = [
  ["up", [], "[A"],
  ["left", [], "[D"],
  ["home", [], "[H"],
  ["end", [], "[F"],
  ["right", ["ctrl"], "[1;5C"],
  ["down", ["shift", "alt"], "[1;4B"],
  ["home", ["shift", "alt", "ctrl"], "[1;8H"],
  ["f1", [], "OP"],
  ["f4", ["shift"], "[1;2S"],
  ["f5", [], "[15~"],
  ["f12", ["ctrl"], "[24;5~"],
  ["delete", [], "[3~"],
  ["page_up", ["alt"], "[5;3~"],
  ["tab", ["shift"], "[Z"],
];

describe("key codes", () => {
  it.each(ordinary)("%s with %j", (name, mods, code) => {
    expect(encodeKey(name, mods, false)).toBe(`\u001b${code}`);
  });

  it("follows the cursor mode, but not with modifiers", () => {
    expect(encodeKey("up", [], true)).toBe("\u001bOA");
    expect(encodeKey("end", [], true)).toBe("\u001bOF");
    expect(encodeKey("up", ["alt"], true)).toBe("\u001b[1;3A");
    expect(encodeKey("delete", [], true)).toBe("\u001b[3~");
  });

  it("puts an escape before a character for Alt", () => {
    expect(encodeKey("enter", [], false)).toBe("\r");
    expect(encodeKey("enter", ["alt"], false)).toBe("\u001b\r");
    expect(encodeKey("backspace", [], false)).toBe("\u007f");
    expect(encodeKey("backspace", ["ctrl"], false)).toBe("\b");
    expect(encodeKey("escape", [], false)).toBe("\u001b");
  });

  it("has a code for every key with every modifier", () => {
    for (const name of keyNames) {
      for (const mods of [[], ...keyModifiers.map((each) => [each])]) expect(encodeKey(name, mods, false)).not.toBe("");
    }
  });
});
