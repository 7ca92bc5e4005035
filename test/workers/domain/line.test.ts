/** The line that hashes wait in: one at a time, in order, bounded, and not stopped by whoever walked away. */
import { describe, expect, it } from "vitest";
import { newLine } from "../../../workers/domain/line.ts";
import { newClock } from "../support/deps.ts";

/** Work that lasts until it is told to end. */
function newWork() {
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { run: () => ended, end };
}

const nowMs = () => Date.now();

describe("a line", () => {
  it("does one work at a time, in the order they came", async () => {
    const line = newLine(10);
    const seen: string[] = [];
    const work = (name: string) => async () => {
      seen.push(`${name} begins`);
      await Promise.resolve();
      seen.push(`${name} ends`);
      return name;
    };
    const answers = await Promise.all(["a", "b", "c"].map((name) => line.run(work(name), nowMs)));
    expect(answers).toEqual(["a", "b", "c"].map((value) => ({ kind: "done", value })));
    expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("takes no more than it has places for, and again once one is free", async () => {
    const line = newLine(2);
    const first = newWork();
    const answers = [line.run(first.run, nowMs), line.run(async () => "second", nowMs)];
    expect(await line.run(async () => "third", nowMs)).toEqual({ kind: "full" });
    first.end();
    expect(await Promise.all(answers)).toMatchObject([{ kind: "done" }, { kind: "done", value: "second" }]);
    expect(await line.run(async () => "fourth", nowMs)).toEqual({ kind: "done", value: "fourth" });
  });

  it("goes on after a work that failed", async () => {
    const line = newLine(1);
    const failing = line.run(async () => {
      throw new Error("no");
    }, nowMs);
    await expect(failing).rejects.toThrow("no");
    expect(await line.run(async () => "next", nowMs)).toEqual({ kind: "done", value: "next" });
  });

  it("gives up the place of a request that vanished at its work", async () => {
    const line = newLine(1);
    const clock = newClock();
    void line.run(
      () => new Promise(() => {}),
      () => clock.now().getTime(),
    );
    expect(
      await line.run(
        async () => "next",
        () => clock.now().getTime(),
      ),
    ).toEqual({ kind: "full" });
    clock.advanceSeconds(31);
    const answer = await line.run(
      async () => "next",
      () => clock.now().getTime(),
    );
    expect(answer).toEqual({ kind: "done", value: "next" });
  });
});
