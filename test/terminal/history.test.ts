import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { sliceBytes, World } from "./world.ts";

/** The steps of a random history. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("join" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), who: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("ping" as const), who: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("type" as const), who: fc.nat(5) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("resize" as const), who: fc.nat(5), cols: fc.integer(), rows: fc.nat(900) }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant("emit" as const), text: fc.string({ unit: "binary", maxLength: 60 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("flood" as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("answer" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("drop" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("dial" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reattach" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("hibernate" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(20_000) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Plays the bridge's side: an endless stream per epoch, sent while a socket is there. */
class Play {
  readonly world = new World();
  #bridge: string | null = null;
  #epoch = 0;
  #length = 0;
  /** What each epoch's stream was made of. */
  readonly #streams: Uint8Array[][] = [[]];

  get place(): { epoch: string; seq: number } {
    return { epoch: `e${this.#epoch}`, seq: this.#length };
  }

  get bridge(): string | null {
    const isOpen = this.#bridge !== null && this.world.bridges.get(this.#bridge)?.closed === null;
    return isOpen ? this.#bridge : null;
  }

  run(step: Step): void {
    const open = [...this.world.viewers].filter(([, viewer]) => viewer.closed === null).map(([id]) => id);
    const who = "who" in step ? open[step.who % Math.max(1, open.length)] : undefined;
    this.world.now += 7;
    if (step.do === "join" && open.length < 6) this.world.join();
    if (step.do === "wait") this.world.now += step.ms;
    if (step.do === "emit") this.emit(step.text);
    if (step.do === "flood") for (let i = 0; i < 45; i += 1) this.emit("y".repeat(16_000));
    if (step.do === "answer") this.answer();
    if (step.do === "drop") this.drop();
    if (step.do === "dial") this.dial();
    if (step.do === "reattach") this.reattach();
    if (step.do === "hibernate") this.world.hibernate();
    if (who === undefined) return;
    if (step.do === "leave") this.leave(who);
    if (step.do === "ping") this.world.ping(who);
    if (step.do === "type") this.world.say(who, { type: "input", data: "x" });
    if (step.do === "resize") this.world.say(who, { type: "resize", cols: step.cols, rows: step.rows });
  }

  emit(text: string): void {
    const bytes = new TextEncoder().encode(text.toWellFormed());
    const seq = this.#length;
    this.#streams[this.#epoch]?.push(bytes);
    this.#length += bytes.length;
    if (this.bridge !== null) this.world.output(this.bridge, seq, text.toWellFormed());
  }

  answer(): void {
    if (this.bridge === null) return;
    const asked = this.world.toBridge(this.bridge).some((message) => message.type === "snapshot");
    if (asked) this.world.snapshot(this.bridge, this.place.seq, `<${this.#epoch}@${this.place.seq}>`);
  }

  drop(): void {
    if (this.bridge === null) return;
    const id = this.bridge;
    this.world.keepsakes.delete(id);
    this.#bridge = null;
    this.world.send({ kind: "bridge_left", id });
  }

  dial(): void {
    this.#bridge = this.world.dial();
    if (this.bridge !== null) this.world.hello(this.bridge, this.place);
  }

  reattach(): void {
    this.#epoch += 1;
    this.#length = 0;
    this.#streams[this.#epoch] = [];
    if (this.bridge === null) return;
    this.world.fromBridge(this.bridge, { type: "attached", ...this.place, gen: 0, cols: 80, rows: 24 });
    this.world.snapshot(this.bridge, 0, `<${this.#epoch}@0>`);
  }

  leave(id: string): void {
    this.world.seen(id).closed = "finished";
    this.world.leave(id);
  }

  /** Whether what the viewer shows is a repaint and every byte after it, and how much is missing at the end. */
  missing(id: string): number | null {
    const match = /^<(\d+)@(\d+)>/.exec(this.world.screen(id) ?? "");
    if (match === null) return null;
    const stream = Buffer.concat(this.#streams[Number(match[1])] ?? []);
    const rest = sliceBytes(stream, Number(match[2]));
    const shown = (this.world.screen(id) ?? "").slice(match[0].length);
    expect(rest.startsWith(shown)).toBe(true);
    return Number(match[1]) === this.#epoch ? rest.length - shown.length : null;
  }
}

describe("any history", () => {
  it("shows every viewer its snapshot and then exactly the bridge's bytes from that offset", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const play = new Play();
        for (const one of steps) play.run(one);
        const open = [...play.world.viewers].filter(([, viewer]) => viewer.closed === null).map(([id]) => id);
        for (const id of open) play.missing(id);
        // In the end everybody gives a sign of life and the bridge is there: all become level.
        play.world.now += 6_000;
        if (play.bridge === null) play.dial();
        for (const id of open) play.world.ping(id);
        play.emit("z");
        play.answer();
        play.emit("end");
        for (const id of open.filter((one) => play.world.seen(one).closed === null)) expect(play.missing(id)).toBe(0);
      }),
      { numRuns: 200 },
    );
  }, 30_000);

  it("asks the bridge for whole sizes of 1 to 1000 only, and sends nobody more than a window between signs of life", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const play = new Play();
        for (const one of steps) play.run(one);
        for (const { received } of play.world.bridges.values()) {
          for (const message of received) {
            if (message.type !== "resize") continue;
            expect([message.cols, message.rows].every((n) => Number.isInteger(n) && n >= 1 && n <= 1000)).toBe(true);
          }
        }
        for (const viewer of play.world.room.viewers.values()) {
          if (viewer.version === 1) expect(viewer.sentSinceCredit).toBeLessThanOrEqual(limits.maxUnacknowledgedBytes);
        }
      }),
      { numRuns: 100 },
    );
  }, 30_000);
});
