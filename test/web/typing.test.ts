/** From keys to input frames. */
import { describe, expect, it } from "vitest";
import type { ClientMessage } from "../../durable-objects/protocol/client.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import type { Latches } from "../../workers/web/terminal/sticky-keys.ts";
import { createTyping, inputParts } from "../../workers/web/terminal/typing.ts";

function typist(isLive = true) {
  const sent: ClientMessage[] = [];
  const shown: Latches[] = [];
  const typing = createTyping({
    send(message) {
      if (isLive) sent.push(message);
      return isLive;
    },
    isApplicationMode: () => false,
    onLatches: (latches) => shown.push(latches),
  });
  return { typing, sent, shown };
}

describe("createTyping", () => {
  it("applies a sticky Ctrl to the next key only", () => {
    const { typing, sent, shown } = typist();
    typing.latch("ctrl");
    typing.text("c");
    typing.text("c");
    expect(sent).toEqual([
      { type: "input", data: "\x03" },
      { type: "input", data: "c" },
    ]);
    expect(shown.map(({ ctrl }) => ctrl)).toEqual(["once", "off", "off"]);
  });

  it("interrupts with Ctrl-C alone, whatever is latched", () => {
    const { typing, sent, shown } = typist();
    typing.latch("alt");
    typing.latch("ctrl");
    typing.interrupt();
    expect(sent).toEqual([{ type: "input", data: "\x03" }]);
    expect(shown.at(-1)).toEqual({ ctrl: "off", alt: "off" });
  });

  it("takes text from elsewhere only while a modifier is latched", () => {
    const { typing, sent } = typist();
    expect(typing.latched("c")).toBe(false);
    typing.latch("ctrl");
    expect([typing.latched("c"), typing.latched("c")]).toEqual([true, false]);
    expect(sent).toEqual([{ type: "input", data: "\x03" }]);
  });

  it("ends a line with Enter and leaves the modifiers alone", () => {
    const { typing, sent, shown } = typist();
    typing.latch("alt");
    expect(typing.line("ls -la")).toBe(true);
    expect(sent).toEqual([{ type: "input", data: "ls -la\r" }]);
    expect(shown.at(-1)?.alt).toBe("once");
  });

  it("says that a line was not sent while the connection is away", () => {
    expect(typist(false).typing.line("rm -rf build")).toBe(false);
  });
});

describe("inputParts", () => {
  it("loses nothing and keeps every frame within the server's cap, whatever the characters", () => {
    for (const character of ["a", "\x1b", "é", "漢", "🙂"]) {
      const text = `x${character.repeat(50_000)}`;
      const parts = inputParts(text);
      expect(parts.join("")).toBe(text);
      for (const data of parts) {
        const frameBytes = new TextEncoder().encode(JSON.stringify({ type: "input", data })).length;
        expect(frameBytes).toBeLessThanOrEqual(limits.maxClientFrameBytes);
        expect(data.isWellFormed()).toBe(true);
      }
    }
  });

  it("sends nothing for nothing", () => {
    expect(inputParts("")).toEqual([]);
  });
});
