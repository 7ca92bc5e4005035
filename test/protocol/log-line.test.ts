/** What a log line looks like, for machines and for people. */
import { describe, expect, it } from "vitest";
import { isLogged, logLine } from "../../durable-objects/protocol/log-line.ts";

const fields = {
  ts: "2026-11-23T08:00:00.123Z",
  level: "info",
  msg: "request",
  status: 200,
  route: "GET /x",
  user_id: undefined,
} as const;

describe("a log line", () => {
  it("is one JSON object without absent fields", () => {
    const line = logLine(fields, "json");
    expect(JSON.parse(line)).toEqual({ ts: fields.ts, level: "info", msg: "request", status: 200, route: "GET /x" });
    expect(line).not.toContain("\n");
  });

  it("is a short text for people, with blanks in quotes", () => {
    expect(logLine(fields, "pretty")).toBe('08:00:00.123 INFO  request status=200 route="GET /x"');
  });

  it("never breaks, whatever a value holds", () => {
    const hostile = { ...fields, msg: "a\nb\r\nc", route: "x\ny" };
    expect(logLine(hostile, "pretty")).not.toMatch(/[\r\n]/);
    expect(logLine(hostile, "json")).not.toMatch(/[\r\n]/);
  });

  it("is printed from the configured level upwards", () => {
    expect(isLogged("debug", "info")).toBe(false);
    expect(isLogged("info", "info")).toBe(true);
    expect(isLogged("error", "info")).toBe(true);
  });
});
