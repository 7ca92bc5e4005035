/** Any history of a client and its server: what is drawn is the server's stream, what is typed arrives once or is told. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { type ClientCore, createClientCore } from "../../workers/web/terminal/client-core.ts";
import type { CoreEffect, CoreEvent } from "../../workers/web/terminal/client-events.ts";
import { readFrame2 } from "../../workers/web/terminal/frames-2.ts";
import { utf8Bytes } from "../../workers/web/terminal/text-parts.ts";
import { ModelServer } from "./model-server.ts";

const some = fc.nat(4);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("type" as const), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("paste" as const), count: fc.integer({ min: 1, max: 9_000 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("emit" as const), text: fc.string({ unit: "binary", maxLength: 40 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("flood" as const), bytes: fc.nat(30_000) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("up" as const), count: some }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("down" as const), count: some }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("draw" as const), count: some }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("cut" as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("dial" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(1_500) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("resize" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("repaint" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("lose bridge" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("return bridge" as const), isAnother: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("doubt" as const), count: some }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("misplace" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("turn" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("select" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("answer" as const), isDone: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("refuse" as const), code: fc.constantFrom("rate_limited", "not_running") }),
  },
);
/** Many changes of bridges and refusals, each while little is on the way. */
const flapping = fc.oneof(
  fc.record({ do: fc.constant("type" as const), count: fc.constant(1) }),
  fc.record({ do: fc.constantFrom("up" as const, "down" as const), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constantFrom("lose bridge" as const, "cut" as const, "dial" as const) }),
  fc.record({ do: fc.constant("return bridge" as const), isAnother: fc.boolean() }),
  fc.record({ do: fc.constant("refuse" as const), code: fc.constantFrom("rate_limited", "not_running") }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.constant(600) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A client with its screen, and the server it talks to. */
class Play {
  readonly server = new ModelServer();
  readonly core: ClientCore = createClientCore("client-one");
  now = 1_000_000;
  screen = "";
  isOpen = false;
  redials = 0;
  /** Every character that was typed is another one, so that each can be followed. */
  typed = 0;
  readonly told = new Set<string>();
  readonly refused = new Set<string>();
  /** Characters of input that came back, for its window could not be selected. */
  readonly returned = new Set<string>();
  /** The window that each character was typed for, and the one that it came to. */
  readonly meantFor: number[] = [];
  #turns = 0;
  /** The turn that may be asked for, and whether the server has heard of it. */
  #asked: { window: number; isHeard: boolean } | null = null;
  #ended = 0;
  readonly #drawing: Array<{ mark: number; apply: () => void }> = [];
  readonly #sent = new Map<number, string>();
  #heard = 0;

  constructor() {
    this.tell({ kind: "sized", cols: 80, rows: 24 });
  }

  tell(event: CoreEvent): void {
    for (const effect of this.core.handle(event, this.now)) this.#do(effect);
    const dueMs = this.core.dueAtMs();
    if (dueMs !== null && dueMs <= this.now && event.kind !== "due") this.tell({ kind: "due" });
    expect(this.#openBytes()).toBeLessThanOrEqual(limits.maxOpenInputBytes);
  }

  #do(effect: CoreEffect): void {
    if (effect.kind === "send") this.#send(effect.message);
    if (effect.kind === "draw") this.#draw(effect.mark, () => (this.screen += effect.data));
    if (effect.kind === "repaint") this.#draw(effect.mark, () => (this.screen = effect.data));
    if (effect.kind === "uncertain") for (const { data } of effect.drafts) for (const one of data) this.told.add(one);
    if (effect.kind === "returned")
      for (const { data } of effect.drafts) for (const one of data) this.returned.add(one);
    if (effect.kind === "redial") this.redials += 1;
    if (effect.kind === "ready") {
      expect(this.#asked).toBe(null);
      this.#asked = { window: this.#ended + 1, isHeard: false };
    }
  }

  turn(): void {
    this.#turns += 1;
    this.tell({ kind: "turning" });
  }

  select(): void {
    if (this.#asked === null || this.#asked.isHeard) return;
    this.#asked.isHeard = true;
    this.server.window = this.#asked.window;
  }

  /** Without an answer nobody knows whether the window was selected: what was typed for it does not go on by itself. */
  answer(isDone: boolean): void {
    if (this.#asked === null) return;
    const { isHeard } = this.#asked;
    this.#asked = null;
    this.#ended += 1;
    this.tell({ kind: "turned", isDone: isDone && isHeard });
  }

  #send(message: Parameters<ModelServer["hear"]>[0]): void {
    expect(this.isOpen).toBe(true);
    if (message.type === "input" || message.type === "paste") {
      const before = this.#sent.get(message.i);
      // A number never changes what it carries, but for what was told: that becomes nothing.
      expect(before === undefined || before === message.data || message.data === "").toBe(true);
      this.#sent.set(message.i, message.data);
    }
    this.server.toServer.push(message);
  }

  #draw(mark: number, apply: () => void): void {
    this.#drawing.push({ mark, apply });
  }

  #openBytes(): number {
    const open = [...this.#sent].filter(([i, data]) => i > this.#heard && !this.told.has([...data][0] ?? ""));
    return open.reduce((sum, [, data]) => sum + utf8Bytes(data), 0);
  }

  up(count: number): void {
    for (const message of this.server.toServer.splice(0, count)) this.server.hear(message);
  }

  down(count: number): void {
    for (const message of this.server.toClient.splice(0, count)) {
      const frame = readFrame2(JSON.stringify(message));
      if (frame === null) throw new Error(`unreadable: ${message.type}`);
      if (frame.type === "iack") this.#heard = Math.max(this.#heard, frame.i);
      if (frame.type === "output") this.#heard = Math.max(this.#heard, frame.i ?? 0);
      if (frame.type === "error" && frame.code === "not_running" && frame.i !== undefined)
        for (const one of this.#sent.get(frame.i) ?? "") this.refused.add(one);
      const redials = this.redials;
      this.tell({ kind: "frame", frame });
      if (this.redials === redials) continue;
      this.cut();
      return;
    }
  }

  draw(count: number): void {
    for (const { mark, apply } of this.#drawing.splice(0, count)) {
      apply();
      this.tell({ kind: "drawn", mark });
    }
  }

  cut(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.server.cut();
    this.tell({ kind: "cut" });
  }

  dial(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.tell({ kind: "opened" });
  }

  unique(count: number): string {
    const from = this.typed;
    this.typed += count;
    const window = this.#turns > this.#ended ? this.#turns : this.server.window;
    for (let at = from; at < this.typed; at += 1) this.meantFor[at] = window;
    return Array.from({ length: count }, (_, at) => characterAt(from + at)).join("");
  }

  wait(ms: number): void {
    this.now += ms;
    this.tell({ kind: "due" });
  }

  run(one: Step): void {
    this.now += 3;
    if (one.do === "type") this.tell({ kind: "typed", data: this.unique(one.count) });
    if (one.do === "paste") this.tell({ kind: "pasted", text: this.unique(one.count) });
    if (one.do === "emit") this.server.emit(one.text.toWellFormed());
    if (one.do === "flood") this.server.emit("é🙂y".repeat(one.bytes / 7));
    if (one.do === "up") this.up(one.count);
    if (one.do === "down") this.down(one.count);
    if (one.do === "draw") this.draw(one.count);
    if (one.do === "cut") this.cut();
    if (one.do === "dial") this.dial();
    if (one.do === "wait") this.wait(one.ms);
    if (one.do === "resize") this.server.resize();
    if (one.do === "repaint") this.server.repaint();
    if (one.do === "lose bridge") this.server.loseBridge();
    if (one.do === "return bridge") this.server.returnBridge(one.isAnother);
    if (one.do === "turn") this.turn();
    if (one.do === "select") this.select();
    if (one.do === "answer") this.answer(one.isDone);
    if (one.do === "doubt") this.server.doubt(one.count);
    if (one.do === "misplace") this.server.misplace();
    if (one.do === "refuse") this.server.refusal = one.code as "rate_limited" | "not_running";
  }

  /** Everything that is on the way arrives, for as long as anything does. */
  settle(): void {
    this.server.refusal = null;
    this.server.returnBridge(false);
    for (let round = 0; round < 60; round += 1) {
      this.dial();
      this.up(1_000);
      this.server.settle();
      this.down(1_000);
      this.draw(1_000);
      this.wait(600);
      this.select();
      this.answer(true);
    }
  }
}

/** Characters of two to four bytes, each another one. */
function characterAt(index: number): string {
  return String.fromCodePoint(index < 1_000 ? 0x100 + index : index < 20_000 ? 0x4e00 + index : 0x20000 + index);
}

function play(steps: readonly Step[]): Play {
  const one = new Play();
  for (const next of steps) one.run(next);
  one.settle();
  return one;
}

/** What an epoch's screen must show. */
function expected(screen: string, streams: ReadonlyMap<string, Uint8Array>): string {
  const [mark, epoch, seq] = /^<(e\d+)@(\d+)>/.exec(screen) ?? [];
  if (mark === undefined || epoch === undefined) return "a snapshot first";
  return mark + new TextDecoder().decode(streams.get(epoch)?.subarray(Number(seq)));
}

/** Long ones, which fast-check does not make by itself. */
const histories = fc.array(step, { minLength: 1, maxLength: 120, size: "max" });
const flaps = fc.array(flapping, { minLength: 1, maxLength: 60, size: "max" });
const runs = { numRuns: 300 };

describe("any history", () => {
  it("shows a snapshot and then exactly the server's bytes from there", () => {
    fc.assert(
      fc.property(histories, (steps) => {
        const { screen, server, redials } = play(steps);
        expect(redials).toBeLessThanOrEqual(server.misplaced);
        expect(screen === expected(screen, server.streams)).toBe(true);
        expect(screen.startsWith(`<${[...server.streams.keys()].at(-1)}@`)).toBe(true);
      }),
      runs,
    );
  });

  it("applies what was typed once and in order, or tells that it is uncertain", () => {
    fc.assert(
      fc.property(fc.oneof(histories, flaps), (steps) => {
        const one = play(steps);
        const applied = [...one.server.applied.join("")];
        const isTold = (character: string) =>
          one.told.has(character) || one.refused.has(character) || one.returned.has(character);
        expect(new Set(applied).size).toBe(applied.length);
        const all = Array.from({ length: one.typed }, (_, at) => characterAt(at));
        const sure = all.filter((character) => !isTold(character)).join("");
        expect(applied.filter((character) => !isTold(character)).join("") === sure).toBe(true);
        // What was refused and not told to be uncertain has not reached the shell.
        const isUnsent = (character: string) => one.refused.has(character) || one.returned.has(character);
        expect(applied.filter((character) => isUnsent(character) && !one.told.has(character))).toEqual([]);
      }),
      runs,
    );
  });

  it("brings what was typed to the window it was typed for, or tells that it is uncertain", () => {
    fc.assert(
      fc.property(histories, (steps) => {
        const one = play(steps);
        const meantFor = new Map(one.meantFor.map((window, at) => [characterAt(at), window]));
        const sure = [...one.server.cameTo].filter(([character]) => !one.told.has(character));
        const strayed = sure.filter(([character, window]) => window !== meantFor.get(character));
        expect(strayed).toEqual([]);
      }),
      runs,
    );
  });
});
