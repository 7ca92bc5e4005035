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

describe("what an environment's programs say", () => {
  const file = {
    name: "f",
    is_readable_name: true,
    kind: "file",
    size: 1,
    modified_at: "2026-10-20T12:00:00.000Z",
    is_executable: false,
    target: null,
    etag: "1",
  } as const;
  const upload = { id: "c".repeat(20), path: "f", length: 1, part_bytes: 65_536, received: [] };
  const refused = { kind: "failed", code: "unavailable" };
  const of = { environment_id: question.environment_id };

  /** A runtime whose environment says this of its files. */
  const saying = (files: Record<string, () => Promise<unknown>>) =>
    ({ files: async () => files }) as Partial<Record<keyof Runtime, unknown>> as Runtime;

  it("never becomes an answer for which the cluster would close the link", async () => {
    for (const lie of [{ size: 2 ** 60 }, { etag: "\r\n" }, { name: "n".repeat(300) }]) {
      const runtime = saying({ stat: async () => ({ ...file, ...lie }) });
      expect(await answer(runtime, { kind: "stat_file", ...of, path: "f" })).toMatchObject(refused);
    }
    const received = Array.from({ length: limits.maxUploadParts + 1 }, (_, part) => part);
    const runtime = saying({ findUpload: async () => ({ ...upload, received }) });
    expect(await answer(runtime, { kind: "find_upload", ...of, upload: upload.id })).toMatchObject(refused);
  });

  it("never becomes a frame that is too large", async () => {
    const figures = { cpu_usage: null, memory_usage: null, storage_usage: null, uptime: null };
    const readings = {
      ...{ ...figures, network_in: null, network_out: null, timestamp: "2026-10-20T12:00:00.000Z" },
      reason: "r".repeat(limits.maxBridgeFrameBytes),
    };
    const runtime: Partial<Runtime> = { readings: async () => readings };
    expect(await answer(runtime as Runtime, { kind: "metrics", ...of })).toMatchObject(refused);
  });
});
