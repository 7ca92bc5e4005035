/** What an answer about windows may weigh, whatever programs put into their titles. */
import { describe, expect, it } from "vitest";
import { answer } from "../../bridge/answers.ts";
import type { Runtime } from "../../bridge/runtime/runtime.ts";
import { answerResultSchema } from "../../durable-objects/protocol/bridge-link.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import type { WindowInFull } from "../../durable-objects/protocol/windows.ts";

const question = { kind: "windows", environment_id: "env_0123456789abcdefghij" } as const;

/** A runtime whose environment has as many windows and panes as may be listed, with this for every text. */
function runtimeFull(text: (maxCharacters: number) => string): Runtime {
  const pane = { id: "p1", is_active: true, pid: 4_194_304, command: text(256), title: text(256), cwd: text(256) };
  const panes = Array.from({ length: limits.maxListedPanes }, () => ({ ...pane, cols: 1_000, rows: 1_000 }));
  const windows: WindowInFull[] = Array.from({ length: limits.maxListedWindows }, (_, position) => {
    return { id: `w${position}`, name: text(limits.maxWindowNameCharacters), position, is_active: false, panes };
  });
  return { windows: async () => windows } as Partial<Runtime> as Runtime;
}

describe("an answer about windows", () => {
  it.each(["x", '"', "\\", "€", "😀", "\ufffd"])(
    "fits into its frame with %j everywhere, and leaves no window out",
    async (character) => {
      const text = (maxCharacters: number) => character.repeat(Math.floor(maxCharacters / character.length));
      const result = await answer(runtimeFull(text), question);
      const frame = JSON.stringify({ type: "answer", id: crypto.randomUUID(), result });
      expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(limits.maxBridgeFrameBytes);
      const parsed = answerResultSchema.parse(result);
      expect(parsed).toMatchObject({ kind: "windows", windows: { length: limits.maxListedWindows } });
      expect(parsed.kind === "windows" && parsed.windows[0]?.panes.length).toBe(limits.maxListedPanes);
    },
  );
});
