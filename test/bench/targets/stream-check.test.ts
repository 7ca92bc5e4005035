/** What counts as a fault of a stream, and what does not. */
import { describe, expect, it } from "vitest";
import { openStreamCheck } from "./stream-check.ts";

const hello = (epoch: string) => ({ type: "hello", epoch, gen: 0, ledger: "l", cols: 80, rows: 24 }) as const;
const output = (seq: number, data: string) => ({ type: "output", seq, data }) as const;
const snapshot = (seq: number) => ({ type: "snapshot", seq, gen: 0, data: "picture", cols: 80, rows: 24 }) as const;

describe("stream check", () => {
  it("finds nothing where viewers resume or are given a snapshot", () => {
    const check = openStreamCheck();
    const [one, other] = [check.viewer(), check.viewer()];
    for (const frame of [hello("e"), snapshot(0), output(0, "日本"), output(6, "go")]) one(frame);
    for (const frame of [hello("e"), snapshot(3), output(3, "本"), hello("e"), output(6, "go")]) other(frame);
    expect(check.findings()).toMatchObject({ bytes: 13, differing: 0, gaps: 0, snapshots: 2 });
  });

  it.each([
    ["a gap", [snapshot(0), output(0, "ab"), output(3, "d")]],
    ["a repetition", [snapshot(0), output(0, "ab"), hello("e"), output(1, "b")]],
    ["another epoch's offset taken for this one's", [snapshot(0), output(0, "ab"), hello("f"), output(2, "c")]],
  ])("counts %s", (_, frames) => {
    const check = openStreamCheck();
    const viewer = check.viewer();
    for (const frame of [hello("e"), ...frames]) viewer(frame);
    expect(check.findings().gaps).toBe(1);
  });

  it("counts bytes that differ from what another was sent at that offset", () => {
    const check = openStreamCheck();
    const [one, other] = [check.viewer(), check.viewer()];
    for (const frame of [hello("e"), snapshot(0), output(0, "same")]) one(frame);
    for (const frame of [hello("e"), snapshot(1), output(1, "ome")]) other(frame);
    expect(check.findings().differing).toBe(1);
  });
});
