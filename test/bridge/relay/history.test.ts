/** Lines above the screen: one question at a time, answers that fit a frame, nothing for a socket that is gone. */
import { describe, expect, it, vi } from "vitest";
import { History, type HistoryAnswer } from "../../../bridge/relay/history.ts";
import { RuntimeFailure } from "../../../bridge/runtime/runtime.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";

const terminal = "env_0123456789abcdef0123:main";

type Found = { lines: string[]; hasMore: boolean };

function historyOf(find: () => Promise<Found>) {
  const answers: HistoryAnswer[] = [];
  const context = { runtime: { history: find }, log: () => {} };
  return { answers, history: new History(terminal, context, (answer) => answers.push(answer)) };
}

const question = (entry: number) => ({ type: "history", entry, before: 3, lines: 2_000 }) as const;

describe("history", () => {
  it("answers with the newest lines that fit a frame, and says that there are more", async () => {
    const lines = Array.from({ length: 2_000 }, (_, index) => `${index} ${"€\u0007".repeat(30)}`);
    const { answers, history } = historyOf(async () => ({ lines, hasMore: false }));
    history.ask(question(1));
    await vi.waitUntil(() => answers.length === 1, 10_000);
    expect(answers[0]).toMatchObject({ entry: 1, before: 3, more: true });
    expect(answers[0]?.lines.at(-1)).toBe(lines.at(-1));
    const bytes = Buffer.byteLength(JSON.stringify(answers[0]));
    expect(bytes).toBeLessThanOrEqual(limits.maxBridgeFrameBytes);
    expect(bytes).toBeGreaterThan(limits.maxBridgeFrameBytes - 2_048);
  });

  it("gives no lines where there is no shell", async () => {
    const { answers, history } = historyOf(() => Promise.reject(new RuntimeFailure("not_running", "not running")));
    history.ask(question(1));
    await vi.waitUntil(() => answers.length === 1, 10_000);
    expect(answers).toEqual([{ type: "history", entry: 1, before: 3, lines: [], more: false }]);
  });

  it("asks one after the other, bounded, and answers nobody who has gone", async () => {
    let finish: (found: Found) => void = () => {};
    let asked = 0;
    const { answers, history } = historyOf(() => {
      asked += 1;
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    for (let entry = 1; entry <= 40; entry += 1) history.ask(question(entry));
    expect(answers).toHaveLength(7);
    expect(answers.every((each) => each.more && each.lines.length === 0)).toBe(true);
    await vi.waitUntil(() => asked === 1, 10_000);
    history.clear();
    history.ask(question(50));
    finish({ lines: ["late"], hasMore: false });
    await vi.waitUntil(() => asked === 2, 10_000);
    finish({ lines: ["in time"], hasMore: false });
    await vi.waitUntil(() => answers.at(-1)?.lines[0] === "in time", 10_000);
    expect(answers.map((each) => each.lines[0])).not.toContain("late");
  });
});
