import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { harmlessOutput } from "../../durable-objects/protocol/client.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { Play, type Step, step } from "./play-2.ts";
import type { SeenViewer } from "./world.ts";

/** As a thousand viewers are to a terminal, so are a few to one that may have little under way. */
vi.mock("../../durable-objects/protocol/timing.ts", async (original) => {
  const real = await original<typeof import("../../durable-objects/protocol/timing.ts")>();
  const small = {
    maxOpenBytesOfAll: 50_000,
    openShare: 1,
    openSnapshotShare: 1,
    maxUnacknowledgedBytesOfAll: 100_000,
    unacknowledgedShare: 1,
    maxUnacknowledgedBytes: 40_000,
  };
  return { ...real, limits: { ...real.limits, ...small } };
});

const greeting = JSON.stringify(harmlessOutput);

/** What is drawn of it; of a greeting next to nothing is, and that is not counted. */
function textOf(frame: SeenViewer["frames"][number]): string {
  const isDrawn = frame.type === "output" || frame.type === "snapshot";
  return isDrawn && JSON.stringify(frame) !== greeting ? frame.data : "";
}

/** A play in which is counted, apart from the room, what every socket was sent and has not read for all that can be known. */
class CountedPlay extends Play {
  readonly #read = new Map<string, number>();
  #isEnding = false;
  most = 0;

  constructor() {
    super();
    const { world } = this;
    const send = world.send.bind(world);
    world.send = (event) => {
      send(event);
      if (event.kind === "viewer_left" || event.kind === "socket_gone") this.#note(event.id);
      this.#count();
    };
  }

  override run(step: Step): void {
    if (step.do === "join1") this.#pingAll();
    super.run(step);
    if (step.do === "hibernate") for (const id of this.world.viewers.keys()) this.#note(id);
  }

  override finish(): void {
    this.settle();
    this.#pingAll();
    this.#isEnding = true;
    super.finish();
  }

  /** In the end whoever was closed is gone. */
  override settle(): void {
    super.settle();
    if (!this.#isEnding) return;
    for (const [id, { closed }] of this.world.viewers) if (closed !== null) this.world.goAfterClose(id);
    super.settle();
  }

  #pingAll(): void {
    for (const { id } of this.#viewers(1)) {
      this.world.ping(id);
      this.#note(id);
    }
  }

  /** It is gone, has shown a sign of life, or what it has not read is forgotten. */
  #note(id: string): void {
    this.#read.set(id, this.world.seen(id).frames.length);
  }

  #viewers(version: 1 | 2): { id: string; held: number }[] {
    const all = [...this.world.viewers].filter(([id]) => (this.world.versions.get(id) ?? 1) === version);
    return all.map(([id, { frames }]) => {
      const acknowledged = this.clients.map((client) => client.acknowledged.get(id) ?? 0);
      const unread = frames.slice(Math.max(this.#read.get(id) ?? 0, ...acknowledged));
      return { id, held: unread.reduce((sum, frame) => sum + textOf(frame).length, 0) };
    });
  }

  #count(): void {
    const held = (version: 1 | 2) => this.#viewers(version).reduce((sum, viewer) => sum + viewer.held, 0);
    expect(held(1)).toBeLessThanOrEqual(limits.maxUnacknowledgedBytesOfAll);
    expect(held(2)).toBeLessThanOrEqual(limits.maxOpenBytesOfAll);
    this.most = Math.max(this.most, held(2));
  }
}

it("no more than the budget is ever under way to all viewers together, and all become level", {
  timeout: 120_000,
}, () => {
  let most = 0;
  const played = fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
    const play = new CountedPlay();
    play.begin();
    for (const each of steps) play.run(each);
    most = Math.max(most, play.most);
    play.finish();
    const { epoch, seq } = play.bridge;
    for (const client of play.clients) expect(client.position).toMatchObject({ epoch, seq });
  });
  fc.assert(played, { numRuns: 60 });
  expect(most).toBeGreaterThan(0.5 * limits.maxOpenBytesOfAll);
});
