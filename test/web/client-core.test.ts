/** What the client of protocol version 2 says and does, event by event. */
import { describe, expect, it } from "vitest";
import { limits, timing } from "../../durable-objects/protocol/timing.ts";
import { createClientCore } from "../../workers/web/terminal/client-core.ts";
import type { CoreEffect, CoreEvent } from "../../workers/web/terminal/client-events.ts";
import type { Frame2 } from "../../workers/web/terminal/frames-2.ts";

const cid = "client-one";
const helloFrame = { type: "hello", epoch: "e", gen: 1, ledger: "l", cols: 80, rows: 24 } as const;

/** A client whose clock stands unless it is moved. */
function client() {
  const core = createClientCore(cid);
  let nowMs = 5_000;
  const tell = (event: CoreEvent): CoreEffect[] => core.handle(event, nowMs);
  const hear = (frame: Frame2) => tell({ kind: "frame", frame });
  const sent = (effects: CoreEffect[]) => effects.flatMap((effect) => (effect.kind === "send" ? [effect.message] : []));
  tell({ kind: "sized", cols: 44, rows: 30 });
  return {
    core,
    tell,
    hear,
    sent,
    type: (data: string) => sent(tell({ kind: "typed", data })),
    wait(ms: number) {
      nowMs += ms;
      return tell({ kind: "due" });
    },
    /** A socket that is open, greeted and answered. */
    join(frame: Partial<typeof helloFrame> = {}, i = 0) {
      tell({ kind: "opened" });
      hear({ ...helloFrame, ...frame });
      return hear({ type: "iack", i });
    },
    snapshot: (seq: number, data = "S") => hear({ type: "snapshot", data, seq, gen: 1, cols: 80, rows: 24 }),
    output: (seq: number, data: string) => hear({ type: "output", data, seq }),
  };
}

/** The mark of the last thing to be drawn. */
function markOf(effects: CoreEffect[]): number {
  const drawn = effects.findLast((effect) => effect.kind === "draw" || effect.kind === "repaint");
  return drawn !== undefined && "mark" in drawn ? drawn.mark : 0;
}

const input = (i: number, data: string) => ({ type: "input", data, i });

describe("greeting", () => {
  it("says its size and nothing it does not know", () => {
    const { tell, sent } = client();
    expect(sent(tell({ kind: "opened" }))).toEqual([{ type: "hello", cid, cols: 44, rows: 30, visible: true }]);
  });

  it("waits until the size is known", () => {
    const core = createClientCore(cid);
    expect(core.handle({ kind: "opened" }, 0)).toEqual([]);
    expect(core.handle({ kind: "sized", cols: 80, rows: 24 }, 0)).toEqual([
      { kind: "send", message: { type: "hello", cid, cols: 80, rows: 24, visible: true } },
    ]);
  });

  it("tells the next byte in UTF-8 and the ledger at the next dial, with the same cid", () => {
    const { join, snapshot, output, tell, sent } = client();
    join();
    snapshot(100);
    output(100, "é漢🙂");
    tell({ kind: "cut" });
    expect(sent(tell({ kind: "opened" }))).toEqual([
      {
        type: "hello",
        cid,
        cols: 44,
        rows: 30,
        visible: true,
        position: { epoch: "e", gen: 1, seq: 109 },
        ledger: "l",
      },
    ]);
  });

  it("names the windows that it was told last", () => {
    const { join, hear, tell, sent } = client();
    join();
    hear({ type: "windows", windows: [], mark: "1x9f" });
    tell({ kind: "cut" });
    expect(sent(tell({ kind: "opened" }))).toMatchObject([{ windows: "1x9f" }]);
  });

  it("tells a new size and being hidden while it is connected only", () => {
    const { join, tell, sent } = client();
    expect(sent(tell({ kind: "seen", isVisible: false }))).toEqual([]);
    join();
    expect(sent(tell({ kind: "sized", cols: 9, rows: 8 }))).toEqual([
      { type: "resize", cols: 9, rows: 8, visible: false },
    ]);
  });
});

describe("output", () => {
  it("is never drawn where it does not follow: the next greeting asks for a snapshot", () => {
    for (const seq of [99, 101]) {
      const { join, snapshot, output, tell, sent } = client();
      join();
      snapshot(100);
      expect(output(seq, "x")).toEqual([{ kind: "redial" }]);
      expect(output(100, "x")).toEqual([]);
      tell({ kind: "cut" });
      expect(sent(tell({ kind: "opened" }))[0]).not.toHaveProperty("position");
    }
  });

  it("is acknowledged as a large picture when that was drawn, and not as a small one", () => {
    const { join, snapshot, tell, sent } = client();
    join();
    expect(sent(tell({ kind: "drawn", mark: markOf(snapshot(100)) }))).toEqual([]);
    const large = snapshot(200, "S".repeat(limits.ackLateBytes));
    expect(sent(tell({ kind: "drawn", mark: markOf(large) }))).toEqual([{ type: "ack", seq: 200 }]);
  });

  it("goes on after a reconnect at the same place, and waits for a snapshot in another epoch", () => {
    const { join, snapshot, output, tell } = client();
    join();
    snapshot(100);
    tell({ kind: "cut" });
    expect(join()).toContainEqual({ kind: "resumed" });
    expect(output(100, "go on")).toMatchObject([{ kind: "draw", data: "go on" }]);
    tell({ kind: "cut" });
    expect(join({ epoch: "other" as "e" })).not.toContainEqual({ kind: "resumed" });
    expect(output(105, "x")).toEqual([{ kind: "redial" }]);
  });

  it("goes on within a generation that it was told, and is drawn at the size it was told", () => {
    const { join, snapshot, output, hear, tell, sent } = client();
    join();
    snapshot(0);
    expect(hear({ type: "size", cols: 20, rows: 10, gen: 2 })).toEqual([{ kind: "size", cols: 20, rows: 10 }]);
    expect(output(0, "x")).toHaveLength(1);
    tell({ kind: "cut" });
    expect(sent(tell({ kind: "opened" }))).toMatchObject([{ position: { gen: 2, seq: 1 } }]);
  });
});

describe("acknowledging", () => {
  function drawing() {
    const one = client();
    one.join();
    one.tell({ kind: "drawn", mark: markOf(one.snapshot(0)) });
    let seq = 0;
    return {
      ...one,
      draw(bytes: number) {
        const mark = markOf(one.output(seq, "x".repeat(bytes)));
        seq += bytes;
        return one.sent(one.tell({ kind: "drawn", mark }));
      },
    };
  }

  it("waits until it is drawn, and says so every 16 KiB", () => {
    const { draw, output, tell, sent } = drawing();
    expect(draw(limits.ackEveryBytes - 1)).toEqual([]);
    const mark = markOf(output(limits.ackEveryBytes - 1, "é"));
    expect(sent(tell({ kind: "drawn", mark }))).toEqual([{ type: "ack", seq: limits.ackEveryBytes + 1 }]);
  });

  it("says so after a quarter of a second if 4 KiB are open, and not for less", () => {
    const { draw, wait, sent, core } = drawing();
    draw(limits.ackLateBytes - 1);
    expect(core.dueAtMs()).toBeNull();
    expect(sent(wait(timing.ackLateMs))).toEqual([]);
    expect(draw(1)).toEqual([{ type: "ack", seq: limits.ackLateBytes }]);
    draw(limits.ackLateBytes);
    expect(core.dueAtMs()).not.toBeNull();
    expect(sent(wait(timing.ackLateMs))).toEqual([{ type: "ack", seq: 2 * limits.ackLateBytes }]);
  });

  it("lets input carry it", () => {
    const { draw, type } = drawing();
    draw(10);
    expect(type("x")).toEqual([{ ...input(1, "x"), a: 10 }]);
  });

  it("says it again when it came too fast", () => {
    const { draw, hear, wait, sent } = drawing();
    expect(draw(limits.ackEveryBytes)).toHaveLength(1);
    hear({ type: "error", code: "rate_limited", message: "" });
    expect(sent(wait(1_000))).toEqual([{ type: "ack", seq: limits.ackEveryBytes }]);
  });

  it("counts from the place that was told at a new socket, also for what is drawn later", () => {
    const { output, tell, join, sent } = drawing();
    const mark = markOf(output(0, "x".repeat(limits.ackEveryBytes)));
    tell({ kind: "cut" });
    join();
    expect(sent(tell({ kind: "drawn", mark }))).toEqual([]);
  });
});

describe("input", () => {
  it("waits for the server's greeting and then counts 1, 2, 3", () => {
    const { type, join, sent, hear } = client();
    expect(type("a")).toEqual([]);
    expect(sent(join())).toEqual([input(1, "a")]);
    hear({ type: "iack", i: 1 });
    expect([...type("b"), ...type("c")]).toEqual([input(2, "b"), input(3, "c")]);
  });

  it("goes alone until the ledger has answered it once, so that a refusal is not hidden by the next", () => {
    const { type, join, sent, hear } = client();
    join();
    expect([...type("a"), ...type("b"), ...type("c")]).toEqual([input(1, "a")]);
    expect(sent(hear({ type: "iack", i: 1 }))).toEqual([input(2, "bc")]);
  });

  it("is sent again after a cut from where the same ledger stands", () => {
    const { type, join, sent, hear, tell } = client();
    join();
    type("a");
    hear({ type: "iack", i: 1 });
    for (const data of ["b", "c", "d"]) type(data);
    tell({ kind: "cut" });
    expect(type("e")).toEqual([]);
    expect(sent(join({}, 2))).toEqual([input(3, "c"), input(4, "d"), input(5, "e")]);
  });

  it("is uncertain in another ledger or in one that has forgotten, with what waited behind it; counting goes on", () => {
    for (const [ledger, i] of [
      ["other", 0],
      ["l", 0],
    ] as const) {
      const { type, join, hear, tell } = client();
      join();
      type("a");
      hear({ type: "iack", i: 1 });
      type("b");
      tell({ kind: "cut" });
      type("c");
      const effects = join({ ledger: ledger as "l" }, i);
      expect(effects.filter(({ kind }) => kind === "uncertain")).toEqual([
        {
          kind: "uncertain",
          drafts: [
            { type: "input", data: "b" },
            { type: "input", data: "c" },
          ],
        },
      ]);
      expect(type("d")).toEqual([input(3, "d")]);
    }
  });

  it("that never left is no matter of ledgers", () => {
    const { type, join, tell, sent, hear } = client();
    join();
    type("a");
    hear({ type: "iack", i: 1 });
    tell({ kind: "cut" });
    type("b");
    expect(sent(join({ ledger: "other" as "l" }))).toEqual([input(2, "b")]);
  });

  it("asks with a number that carries nothing when another data socket serves, and sends again what it lost", () => {
    const { type, join, sent, hear, wait } = client();
    join();
    type("a");
    hear({ type: "iack", i: 1 });
    type("b");
    hear({ ...helloFrame });
    expect(sent(hear({ type: "iack", i: 1 }))).toEqual([input(3, "")]);
    hear({ type: "error", code: "bad_sequence", message: "", i: 3 });
    expect(sent(wait(1_000))).toEqual([input(2, "b"), input(3, "")]);
  });

  it("fills the numbers of what was uncertain with nothing where the ledger waits for them", () => {
    const { type, join, sent, hear, wait } = client();
    join();
    type("a");
    for (const [ledger, next] of [
      ["l1", "b"],
      ["l2", "c"],
    ] as const) {
      hear({ ...helloFrame, ledger });
      hear({ type: "iack", i: 0 });
      type(next);
    }
    // The first was still on its way when the last ledger took over, and began there.
    hear({ type: "iack", i: 1 });
    hear({ type: "error", code: "bad_sequence", message: "", i: 3 });
    expect(sent(wait(1_000))).toEqual([input(2, ""), input(3, "c")]);
  });

  it("that came too fast is sent again once everything behind it was answered", () => {
    const { type, join, sent, hear, wait } = client();
    join({}, 1);
    expect([...type("b"), ...type("c")]).toEqual([input(2, "b"), input(3, "c")]);
    hear({ type: "error", code: "rate_limited", message: "", i: 2 });
    expect(sent(wait(2_000))).toEqual([]);
    expect(type("d")).toEqual([]);
    hear({ type: "error", code: "bad_sequence", message: "", i: 3 });
    expect(sent(wait(2_000))).toEqual([input(2, "b"), input(3, "c"), input(4, "d")]);
  });

  it("that was refused carries nothing from then on, and goes with the next", () => {
    const { type, join, sent, hear, wait } = client();
    join({}, 1);
    type("b");
    hear({ type: "error", code: "not_running", message: "", i: 2 });
    expect(sent(wait(2_000))).toEqual([]);
    expect(type("c")).toEqual([input(2, ""), input(3, "c")]);
  });

  it("is not held up by a first one that was refused, nor is that one sent again and again", () => {
    const { type, join, sent, hear, wait } = client();
    join();
    type("a");
    type("b");
    const refuse = (i: number) => hear({ type: "error", code: "not_running", message: "", i });
    expect(sent(refuse(1))).toEqual([input(1, ""), input(2, "b")]);
    expect([...sent(refuse(1)), ...sent(refuse(2)), ...sent(wait(5_000))]).toEqual([]);
  });

  it("is told when the server does not know, also what it had acknowledged", () => {
    const { type, join, hear } = client();
    join({}, 1);
    type("b");
    hear({ type: "iack", i: 2 });
    type("c");
    const told = hear({ type: "uncertain", from: 2, to: 3 }).flatMap((one) => (one.kind === "uncertain" ? one : []));
    expect(told.flatMap(({ drafts }) => drafts.map(({ data }) => data))).toEqual(["b", "c"]);
  });

  it("is late after a second, and no more when it has arrived", () => {
    const { type, join, hear, wait } = client();
    join({}, 1);
    type("b");
    expect(wait(999)).toEqual([]);
    expect(wait(1)).toEqual([{ kind: "lagging", isLagging: true }]);
    expect(hear({ type: "output", data: "", seq: 0, i: 2 })).toContainEqual({ kind: "lagging", isLagging: false });
  });
});

describe("a paste", () => {
  it("is cut into parts of 16 KiB between characters, with 64 KiB open at most", () => {
    const { tell, join, sent, hear } = client();
    join({}, 1);
    const text = "漢".repeat(100_000);
    const parts = sent(tell({ kind: "pasted", text }));
    for (let i = 2; parts.length < 19; i += 1) parts.push(...sent(hear({ type: "iack", i })));
    expect(parts.map((part) => ("data" in part ? part.data : "")).join("")).toBe(text);
    expect(parts.map((part) => "last" in part && part.last)).toEqual([...Array(18).fill(false), true]);
    expect(new Set(parts.map((part) => "id" in part && part.id)).size).toBe(1);
    for (const part of parts) {
      expect(new TextEncoder().encode("data" in part ? part.data : "").length).toBeLessThanOrEqual(16_384);
    }
  });

  it("leaves no more open than allowed", () => {
    const { tell, join, sent } = client();
    join({}, 1);
    expect(sent(tell({ kind: "pasted", text: "x".repeat(1_000_000) }))).toHaveLength(4);
  });

  it("ends its lines as Enter does", () => {
    const { tell, join, sent } = client();
    join();
    expect(sent(tell({ kind: "pasted", text: "a\r\nb\nc" }))).toMatchObject([{ data: "a\rb\rc", last: true }]);
  });

  it("is not taken when too much waits already", () => {
    const { tell } = client();
    const text = "x".repeat(10_000_000);
    expect(tell({ kind: "pasted", text })).toEqual([]);
    expect(tell({ kind: "pasted", text })).toEqual([{ kind: "refused" }]);
  });
});

describe("another window", () => {
  const kinds = (effects: CoreEffect[]) => effects.map(({ kind }) => kind);

  it("is asked for when what was typed before has arrived, and what is typed meanwhile follows it", () => {
    const { join, type, tell, hear, sent } = client();
    join();
    type("before");
    expect(tell({ kind: "turning" })).toEqual([]);
    expect(type("after")).toEqual([]);
    expect(kinds(hear({ type: "iack", i: 1 }))).toEqual(["ready"]);
    expect(type(" it")).toEqual([]);
    expect(sent(tell({ kind: "turned", isDone: true }))).toEqual([input(2, "after it")]);
  });

  it("gives back what was typed for it where it could not be selected, and the next one goes on", () => {
    const { join, type, tell, hear, sent } = client();
    join();
    expect(kinds(tell({ kind: "turning" }))).toEqual(["ready"]);
    type("for the first");
    tell({ kind: "turning" });
    type("for the second");
    const drafts = [{ type: "input", data: "for the first" }];
    expect(tell({ kind: "turned", isDone: false })).toEqual([{ kind: "returned", drafts }, { kind: "ready" }]);
    expect(sent(tell({ kind: "turned", isDone: true }))).toEqual([input(1, "for the second")]);
    expect(sent(hear({ type: "iack", i: 1 }))).toEqual([]);
  });

  it("is not asked for while the way is cut and something is open, and what was typed for it is sent after", () => {
    const { join, type, tell, sent } = client();
    join();
    type("before");
    tell({ kind: "turning" });
    type("after");
    tell({ kind: "cut" });
    expect(kinds(join({}, 1))).toContain("ready");
    expect(sent(tell({ kind: "turned", isDone: true }))).toEqual([input(2, "after")]);
  });
});
