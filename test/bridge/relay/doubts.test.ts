/** What may not have reached the shell when its tmux client was lost, and who is told of it how often. */
import { beforeEach, describe, expect, it } from "vitest";
import { Doubts } from "../../../bridge/relay/doubts.ts";
import { timing } from "../../../durable-objects/protocol/timing.ts";

describe("input that was handed over before a client was lost", () => {
  let doubts: Doubts;
  beforeEach(() => {
    doubts = new Doubts();
    doubts.handedOver("ann", 1, 1_000);
    doubts.handedOver("bob", 7, 2_500);
    doubts.handedOver("ann", 2, 2_600);
    doubts.handedOver("ann", 3, 2_700);
  });
  const lostAt = 1_001 + timing.doubtBeforeLossMs;

  it("is in doubt for each author, and what is older is not", () => {
    expect(doubts.ended(false, lostAt)).toEqual([
      { from: "bob", first: 7, last: 7 },
      { from: "ann", first: 2, last: 3 },
    ]);
  });

  it("is not where the client had read it all, nor when the next one is lost", () => {
    expect(doubts.ended(true, lostAt)).toEqual([]);
    expect(doubts.ended(false, lostAt)).toEqual([]);
    expect(doubts.takeOf("ann")).toBeNull();
  });

  it("is told once more to who comes back, over two losses as one", () => {
    doubts.ended(false, lostAt);
    doubts.handedOver("ann", 4, lostAt + 100);
    expect(doubts.ended(false, lostAt + 200)).toEqual([{ from: "ann", first: 4, last: 4 }]);
    expect(doubts.takeOf("ann")).toEqual({ from: "ann", first: 2, last: 4 });
    expect([doubts.takeOf("ann"), doubts.takeOf("eve")]).toEqual([null, null]);
    expect(doubts.takeOf("bob")).toEqual({ from: "bob", first: 7, last: 7 });
  });
});
