/** Server frames as the page reads them, and log lines as it shows them. */
import { describe, expect, it } from "vitest";
import { logLineOf, readFrame } from "../../workers/web/terminal/frames.ts";
import { plainText } from "../../workers/web/terminal/plain-text.ts";

describe("readFrame", () => {
  it("reads what it knows and leaves extra members out of the way", () => {
    expect(readFrame('{"type":"output","data":"hi","seq":7}')).toMatchObject({ type: "output", data: "hi" });
    expect(
      readFrame('{"type":"status_update","status":"running","phase":"running","message":"","progress":null}'),
    ).toEqual({ type: "status_update", phase: "running", message: "" });
  });

  it("ignores unknown types, broken JSON and binary", () => {
    for (const data of ['{"type":"participants"}', '{"type":"output"}', "{", "", new ArrayBuffer(2)]) {
      expect(readFrame(data)).toBeNull();
    }
  });
});

describe("logLineOf", () => {
  it("makes a line of every frame that belongs in a log, and of no other", () => {
    const timestamp = "2026-11-23T08:00:00Z";
    expect(logLineOf({ type: "log", timestamp, level: "warn", message: "low" })).toEqual({
      timestamp,
      level: "warn",
      text: "low",
    });
    expect(logLineOf({ type: "installation_log", timestamp, data: "npm i" })?.text).toBe("npm i");
    expect(logLineOf({ type: "installation_error", timestamp, message: "failed" })?.level).toBe("error");
    expect(logLineOf({ type: "output", data: "x" })).toBeNull();
  });
});

describe("plainText", () => {
  it("leaves colours, cursor moves and titles out", () => {
    expect(plainText("\x1b[1;31merror\x1b[0m: \x1b]0;title\x07no \x1b]8;;http://a\x1b\\link\x1b(B\r\n")).toBe(
      "error: no link",
    );
  });

  it("keeps what brackets and tabs people write", () => {
    expect(plainText("\t[1] a[2]")).toBe("\t[1] a[2]");
  });

  it("shows what a progress line ended as", () => {
    expect(plainText("10%\r50%\r100%\n")).toBe("100%");
  });
});
