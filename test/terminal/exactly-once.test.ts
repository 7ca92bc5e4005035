import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Play, step } from "./play-2.ts";

/** Without `size` fast-check makes about ten steps, whatever the most may be. */
const steps = fc.array(step, { maxLength: 120, size: "max" });

/** Plays many histories to their end, where nothing is cut any more, and then looks. */
function afterAny(look: (play: Play) => void): void {
  const played = fc.property(steps, (all) => {
    const play = new Play().begin();
    for (const one of all) play.run(one);
    play.finish();
    look(play);
  });
  fc.assert(played, { numRuns: 300 });
}

/** What was applied of each author's input, in order. */
function numbersOf(play: Play, cid: string): number[] {
  return play.bridge.applied.filter(({ from }) => from.startsWith(`usr/${cid}`)).map(({ i }) => i);
}

describe("clients of version 2, whatever happens on the way", { timeout: 120_000 }, () => {
  it("draw every byte once or a snapshot in its place, and all become level", () => {
    afterAny(({ bridge: { epoch, seq }, clients }) => {
      for (const client of clients) expect(client.position).toMatchObject({ epoch, seq });
    });
  });

  it("have each of their inputs applied once and in order, or know that it is uncertain", () => {
    afterAny((play) => {
      for (const { cid, typed, uncertain, open } of play.clients) {
        const applied = numbersOf(play, cid);
        expect(applied).toEqual([...new Set(applied)].sort((a, b) => a - b));
        const lost = typed.map((_, n) => n + 1).filter((i) => !applied.includes(i) && !uncertain.has(i));
        expect([lost, open]).toEqual([[], []]);
      }
    });
  });
});
