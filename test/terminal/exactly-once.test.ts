import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Play, step } from "./play-2.ts";

/** What was applied of each author's input, in order. */
function numbersOf(play: Play, cid: string): number[] {
  return play.bridge.applied.filter(({ from }) => from.startsWith(`usr/${cid}`)).map(({ i }) => i);
}

describe("clients of version 2, whatever happens on the way", () => {
  it("draw every byte once or a snapshot in its place, and all become level", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const play = new Play().begin();
        for (const one of steps) play.run(one);
        play.finish();
        const { epoch, seq } = play.bridge;
        for (const client of play.clients) expect(client.position).toMatchObject({ epoch, seq });
      }),
      { numRuns: 300 },
    );
  }, 120_000);

  it("have each of their inputs applied once and in order, or know that it is uncertain", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const play = new Play().begin();
        for (const one of steps) play.run(one);
        play.finish();
        for (const { cid, typed, uncertain, open } of play.clients) {
          const applied = numbersOf(play, cid);
          expect(applied).toEqual([...new Set(applied)].sort((a, b) => a - b));
          const lost = typed.map((_, n) => n + 1).filter((i) => !applied.includes(i) && !uncertain.has(i));
          expect([lost, open]).toEqual([[], []]);
        }
      }),
      { numRuns: 300 },
    );
  }, 120_000);
});
