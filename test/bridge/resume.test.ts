/** Version 2 of the data socket over the real tmux: what is cut is resumed, typed once, and bounded by credit. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { mainWindow, terminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { desiredEnvironment } from "./runtime/contract.ts";
import { startBridge, type TestBridge } from "./support/bridge.ts";
import type { DataEnd } from "./support/data-end.ts";
import { picture } from "./support/picture.ts";
import { ReturningViewer, wrongPictures } from "./support/returning-viewer.ts";
import { Truth } from "./support/truth.ts";

const waitingLong = { timeout: 20_000 };
const partBytes = limits.maxPastePartBytes;

describe("resuming", { timeout: 60_000 }, () => {
  let bridge: TestBridge;
  let truth: Truth;
  let main: string;
  let end: DataEnd;
  let viewer: ReturningViewer;

  beforeEach(async () => {
    truth = new Truth();
    bridge = await startBridge(truth.listenTo);
    await vi.waitUntil(() => bridge.edge.link !== null, waitingLong);
    const environment = desiredEnvironment();
    bridge.edge.desire(environment);
    await bridge.edge.becomes(environment.id, "running");
    main = terminalId(environment.id, mainWindow);
    end = await bridge.edge.watch(main);
    await end.message("hello");
    viewer = new ReturningViewer("user/client-1", truth);
    viewer.enter(end);
  });
  afterEach(() => bridge.stop());

  /** Cuts the data socket; the bridge dials again and everybody comes back. */
  const cut = async (...viewers: ReturningViewer[]) => {
    const lost = end;
    lost.socket.terminate();
    end = await vi.waitUntil(async () => {
      const found = await bridge.edge.dataEnd(main);
      return found === lost ? undefined : found;
    }, waitingLong);
    await end.message("hello");
    for (const each of [viewer, ...viewers]) each.enter(end);
  };
  const answered = () => vi.waitUntil(() => viewer.isAnswered, { timeout: 20_000, interval: 5 });
  const settles = async () => {
    await answered();
    expect(await viewer.viewer.ask("echo settled")).toBe("settled");
  };
  /** Runs a command that gets every byte as it is typed. */
  const runs = async (command: string) => {
    await settles();
    viewer.input(`clear; stty raw -echo; printf 're''ady\\r\\n'; ${command}; stty sane; clear\r`);
    await viewer.viewer.shows(/ready/);
  };
  /** A viewer that never left shows the same. */
  const shouldShowTheTruth = async () => {
    expect(viewer.faults).toEqual([]);
    expect(await wrongPictures(viewer.pictures, truth)).toEqual([]);
    await vi.waitFor(async () => {
      const seq = truth.length;
      const lines = picture(viewer.terminal);
      expect(await wrongPictures([{ seq, lines }], truth)).toEqual([]);
    }, waitingLong);
  };

  it("loses and doubles nothing through random cuts under flood and typing", async () => {
    const cuts = fc.array(fc.record({ keys: fc.integer({ min: 1, max: 30 }), bytes: fc.nat(20_000) }), {
      minLength: 3,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(cuts, async (steps) => {
        const keys = steps.reduce((sum, step) => sum + step.keys, 0) * 4;
        // The first key begins the flood: what says that everything is ready would be gone at once.
        const flood = "(while [ ! -e stop ]; do seq 999; sleep 0.01; done)";
        await runs(`stty opost; head -c 1 > typed; ${flood} & head -c ${keys - 1} >> typed; touch stop; wait; rm stop`);
        let typed = "";
        for (const step of steps) {
          const seen = viewer.seenBytes + step.bytes;
          for (let key = 0; key < step.keys; key += 1) {
            const text = String(1_000 + typed.length / 4).slice(-4);
            typed += text;
            viewer.input(text);
          }
          if (typed.length < keys) await vi.waitUntil(() => viewer.seenBytes >= seen, { timeout: 20_000, interval: 2 });
          await cut();
        }
        await settles();
        expect(await viewer.viewer.ask("md5sum < typed")).toContain(md5(typed));
        await shouldShowTheTruth();
      }),
      { numRuns: 2, endOnFailure: true },
    );
    expect(viewer.replays).toBeGreaterThan(0);
  });

  it("gives exactly what is missing to who was away for a moment, and a picture to who missed more", async () => {
    await settles();
    const pictures = viewer.pictures.length;
    await cut();
    await settles();
    expect([viewer.replays, viewer.pictures.length]).toEqual([1, pictures]);
    bridge.edge.unwatch(main);
    await vi.waitUntil(() => end.socket.readyState === end.socket.CLOSED, waitingLong);
    const before = truth.length;
    end = await bridge.edge.watch(main);
    await end.message("hello");
    const stranger = new ReturningViewer("user/client-2", truth);
    stranger.enter(end);
    stranger.input("clear; yes the-ring-is-not-enough\r");
    await vi.waitUntil(() => truth.length > before + 2 * limits.windowBytes, { timeout: 20_000 });
    stranger.input("\u0003");
    viewer.enter(end);
    await settles();
    expect(viewer.replays).toBe(1);
    await shouldShowTheTruth();
  });

  it("grants no resume over a resize or another client", async () => {
    await settles();
    const pictures = viewer.pictures.length;
    end.send({ type: "resize", cols: 81, rows: 24, alone: true });
    await end.message("size");
    viewer.enter(end);
    await vi.waitUntil(() => viewer.pictures.length === pictures + 1, waitingLong);
    expect(viewer.replays).toBe(0);
  });

  it("receipts each input, with the output or alone", async () => {
    await settles();
    const carried = end.frames.flatMap((frame) => (frame.kind === "output" ? (frame.receipts ?? []) : []));
    expect(carried.length).toBeGreaterThan(0);
    await runs("cat > /dev/null");
    // The last output may still be under way, and the first of these ride on it.
    const { receipts } = await vi.waitUntil(
      () => {
        viewer.input("unseen");
        return end.messages.find((each) => each.type === "receipts");
      },
      { ...waitingLong, interval: 100 },
    );
    expect(receipts).toEqual([{ from: "user/client-1", i: expect.any(Number) }]);
    await answered();
  });

  it("answers a gap with the last number it applied", async () => {
    await settles();
    end.send({ type: "input", from: "user/other", i: 4, data: "" });
    end.send({ type: "input", from: "user/other", i: 6, data: "rm typed\r" });
    expect(await end.message("gap")).toEqual({ type: "gap", from: "user/other", i: 6, after: 4 });
  });

  const paste = async (text: string, onPart: (index: number) => Promise<void> | void = () => {}) => {
    const parts = text.match(new RegExp(`[\\s\\S]{1,${partBytes}}`, "gu")) ?? [];
    for (const [index, data] of parts.entries()) {
      viewer.say({ type: "paste", id: "paste", data, last: index === parts.length - 1 });
      await onPart(index);
    }
  };

  it("hands a paste of a megabyte over as it is, also when it is cut in the middle", async () => {
    const text = "0123456789 some text, é€\t😀\n".repeat(40_000).slice(0, 1_048_576);
    const bytes = Buffer.byteLength(text);
    await settles();
    // tmux drops a character whose rest a busy machine hands over later than that: what is shown here is of the bridge.
    await viewer.viewer.ask("tmux -S $(dirname $TMUX_TMPDIR)/$DEVPOCKET_ENVIRONMENT_ID set -s escape-time 10000");
    await runs(`head -c ${bytes} > pasted`);
    await paste(text, async (index) => {
      if (index === 20 || index === 33) await cut();
    });
    await viewer.viewer.shows(/^workspace [$#]/, 30_000);
    await settles();
    expect(await viewer.viewer.ask("md5sum < pasted")).toContain(md5(text));
    expect(viewer.faults).toEqual([]);
  });

  it("puts a paste in brackets where a program asks for them, from which it cannot break out", async () => {
    const text = "one\u001b[201~two";
    await runs("printf '\\033[?2004hasked'; head -c 26 > pasted; printf '\\033[?2004l'");
    await viewer.viewer.shows(/asked/);
    await paste(text);
    await settles();
    const received = Buffer.from(await viewer.viewer.ask("base64 pasted"), "base64").toString();
    expect(received).toBe("\u001b[200~one\u241b[201~two\u001b[201~");
  });

  it("encodes keys as the program in the terminal asks for", async () => {
    await runs("printf '\\033[?1hasked'; head -c 9 > keys; printf '\\033[?1l'");
    await viewer.viewer.shows(/asked/);
    viewer.say({ type: "key", name: "up" });
    viewer.say({ type: "key", name: "left", mods: ["ctrl"] });
    await settles();
    expect(await viewer.viewer.ask("cat -v keys")).toBe("^[OA^[[1;5D");
  });

  it("sends nothing beyond the credit, and shows the answer to an interrupt as a picture", async () => {
    await settles();
    viewer.isAcknowledging = false;
    const until = truth.length + limits.windowBytes;
    end.send({ type: "credit", until });
    viewer.input("yes flooding-the-terminal\r");
    await vi.waitUntil(() => truth.length > until - 4_096, { timeout: 20_000 });
    const sent = end.frames.length;
    const pictures = viewer.pictures.length;
    viewer.input("\u0003");
    await vi.waitUntil(() => viewer.pictures.length > pictures, waitingLong);
    for (const frame of end.frames.slice(0, sent)) expect(frame.seq + frame.bytes.length).toBeLessThanOrEqual(until);
    await viewer.viewer.shows(/\^C[\s\S]*[$#] *\n*$/);
    viewer.isAcknowledging = true;
    end.send({ type: "credit", until: truth.length + limits.windowBytes });
    await settles();
    await shouldShowTheTruth();
  });

  it("gives the lines above the screen", async () => {
    await settles();
    viewer.input("clear; seq 1000 1200\r");
    await viewer.viewer.shows(/^1200/m);
    end.send({ type: "history", entry: 1, before: 0, lines: 10 });
    const newest = await end.message("history");
    expect(newest.lines).toHaveLength(10);
    const last = Number(newest.lines.at(-1));
    expect(newest).toMatchObject({ entry: 1, before: 0, more: true });
    expect(newest.lines).toEqual(Array.from({ length: 10 }, (_, index) => String(last - 9 + index)));
    end.send({ type: "history", entry: 2, before: 10, lines: 5 });
    await vi.waitUntil(() => end.messages.some((each) => each.type === "history" && each.entry === 2), waitingLong);
    expect((await end.message("history")).lines.at(-1)).toBe(String(last - 10));
    end.send({ type: "history", entry: 3, before: 100_000, lines: 5 });
    await vi.waitUntil(() => end.messages.some((each) => each.type === "history" && each.entry === 3), waitingLong);
    expect(await end.message("history")).toMatchObject({ lines: [], more: false });
  });

  it("tells what may not have arrived when a tmux client is lost, once more to who comes back, and goes on", async () => {
    await settles();
    const clients = "tmux -S $(dirname $TMUX_TMPDIR)/$DEVPOCKET_ENVIRONMENT_ID list-clients -F '#{client_pid}'";
    const pid = Number(await viewer.viewer.ask(clients));
    viewer.input(": in flight\r");
    await answered();
    process.kill(pid, "SIGKILL");
    const told = await end.message("uncertain");
    expect(told).toMatchObject({ from: "user/client-1", last: viewer.receipted });
    await end.message("attached");
    viewer.enter(end);
    await settles();
    const doubts = () => end.messages.filter(({ type }) => type === "uncertain");
    expect(doubts()).toEqual([told, told]);
    viewer.enter(end);
    await settles();
    expect(doubts()).toHaveLength(2);
    expect(viewer.faults).toEqual([]);
  });

  it("answers who enters a terminal without a shell when there is one", async () => {
    await settles();
    viewer.input("tmux -S $(dirname $TMUX_TMPDIR)/$DEVPOCKET_ENVIRONMENT_ID kill-server\r");
    await end.message("detached");
    viewer.enter(end);
    viewer.input("echo once-$((1+1))\r");
    await viewer.viewer.shows(/once-2/, 15_000);
    const types = end.messages.map((each) => each.type);
    expect(types.lastIndexOf("entered")).toBeGreaterThan(types.lastIndexOf("attached"));
    expect(viewer.faults).toEqual([]);
  });
});

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
