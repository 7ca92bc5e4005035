import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { membersOf, nobody, type Present, type Standing, settle } from "../../durable-objects/cluster/duties.ts";
import { timing } from "../../durable-objects/protocol/timing.ts";

const here = (bridgeId: string, heardAt = 0, sinceMs = 0): Present => ({ bridgeId, instance: null, heardAt, sinceMs });

/** Bridges that come, go and stay away, second by second; `acts` is who may act by its own clock. */
interface Life {
  standing: Standing;
  now: number;
  /** When each was heard last while it was told that it leads. */
  trusted: Map<string, number>;
}

function step(life: Life, present: string[], seconds: number): Life {
  const now = life.now + seconds * 1_000;
  const { standing } = settle(
    life.standing,
    present.map((id) => here(id, now)),
    now,
  );
  const holder = standing.lease?.bridgeId;
  const trusted = new Map(life.trusted);
  if (holder !== undefined && present.includes(holder)) trusted.set(holder, now);
  // Who is here and was told that it does not lead has stopped.
  for (const id of present) if (id !== holder) trusted.delete(id);
  return { standing, now, trusted };
}

describe("the duties of a cluster's bridges", () => {
  it("never let two act, whoever comes, goes or does not know that it was cut off", () => {
    const moments = fc.array(fc.tuple(fc.subarray(["a", "b", "c"]), fc.integer({ min: 0, max: 40 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(moments, (history) => {
        let life: Life = { standing: nobody, now: 1_000_000, trusted: new Map() };
        for (const [present, seconds] of history) {
          life = step(life, present, seconds);
          const { now } = life;
          const acting = [...life.trusted].filter(([, at]) => now < at + timing.leaseMs + timing.leaseStopMs);
          expect(acting.length).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("come to a leader whenever somebody stays", () => {
    fc.assert(
      fc.property(fc.array(fc.subarray(["a", "b", "c"]), { maxLength: 20 }), (history) => {
        let life: Life = { standing: nobody, now: 0, trusted: new Map() };
        for (const present of history) life = step(life, present, 3);
        for (const seconds of [0, timing.linkSilentAfterMs / 1_000]) life = step(life, ["a"], seconds);
        expect(life.standing.lease?.bridgeId).toBe("a");
        expect(membersOf(life.standing)).toEqual(["a"]);
      }),
    );
  });

  it("say when to look again: when somebody may not come back, and while there are several", () => {
    const alone = settle(nobody, [here("a")], 0);
    expect(alone.lookAt).toBeNull();
    const both = settle(alone.standing, [here("a"), here("b", 5)], 10);
    expect(both.lookAt).toBe(timing.linkSilentAfterMs + 1);
    const cut = settle(both.standing, [here("b", 5)], 20);
    expect(membersOf(cut.standing)).toEqual(["a", "b"]);
    expect(cut.lookAt).toBe(20 + timing.linkReturnMs);
    const given = settle(cut.standing, [here("b", 5)], 20 + timing.linkReturnMs);
    expect(membersOf(given.standing)).toEqual(["b"]);
    expect(given.lookAt).toBe(20 + timing.linkSilentAfterMs);
  });
});
