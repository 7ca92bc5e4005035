/** A snapshot is the same screen as the one of a terminal that never left: cells, attributes, cursor and modes. */
import type { Terminal } from "@xterm/headless";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Screen, type Snapshot } from "../../bridge/relay/screen.ts";
import { SequenceFilter } from "../../bridge/relay/sequences.ts";
import { LocalRuntime } from "../../bridge/runtime/local/local-runtime.ts";
import type { TerminalStream } from "../../bridge/runtime/runtime.ts";
import { clearScreen } from "../../durable-objects/protocol/client.ts";
import { desiredEnvironment } from "./runtime/contract.ts";
import { startBridge, type TestBridge } from "./support/bridge.ts";
import { newTerminal } from "./support/data-end.ts";
import { picture } from "./support/picture.ts";

const size = { cols: 80, rows: 24 };

const write = (terminal: Terminal, bytes: Uint8Array | string) =>
  new Promise<void>((resolve) => terminal.write(bytes, resolve));
const snapshotOf = (screen: Screen) => new Promise<Snapshot>((resolve) => screen.snapshot(resolve));

describe("snapshot", { timeout: 60_000 }, () => {
  let bridge: TestBridge;
  let runtime: LocalRuntime;
  let stream: TerminalStream;
  const chunks: Uint8Array[] = [];
  let text = "";

  beforeAll(async () => {
    bridge = await startBridge();
    await bridge.supervisor.stop();
    runtime = new LocalRuntime({ dataDir: bridge.dataDir, machinePath: "/usr/bin:/bin", isProduction: false });
    const environment = desiredEnvironment();
    await runtime.apply({ kind: "start", environment }, AbortSignal.timeout(20_000));
    stream = await runtime.attach(environment.id, "main", size);
    const filter = new SequenceFilter();
    stream.onData((raw) => {
      const bytes = filter.push(raw);
      chunks.push(bytes);
      text += Buffer.from(bytes).toString();
    });
    await record();
  }, 60_000);
  afterAll(async () => {
    await runtime.close();
    await bridge.stop();
  });

  /** A session with everything that makes snapshots hard: colours, wide characters, full-screen programs, regions. */
  async function record(): Promise<void> {
    let step = 0;
    const shows = (pattern: RegExp) =>
      vi
        .waitUntil(() => pattern.test(text), { timeout: 15_000, interval: 10 })
        .catch(() => {
          throw new Error(`never ${pattern}: ${JSON.stringify(text.slice(-2_000))}`);
        });
    const act = async (command: string, until?: RegExp, keys = "") => {
      step += 1;
      text = "";
      stream.write(`${command}; printf 'step%s.' ${step}\r`);
      if (until !== undefined) await shows(until);
      stream.write(keys);
      await shows(new RegExp(`step${step}\\.`));
    };
    await act("for i in $(seq 200); do printf '\\033[3%dm日本 é😀 %d\\033[0m ' $((i%8)) $i; done");
    await act("printf '\\033[48;2;10;20;30m\\033[1;3;4mlong %0200d\\033[0m\\n' 7");
    await act("vim -u NONE -c 'syntax on' -c 'set number' /etc/services", /services/, "\u0006\u0006\u0002jjjddu:q!\r");
    await act("top -d 0.2 -n 5");
    await act("printf '\\033[5;10r\\033[10;1H\\n\\n\\nregion\\033[r\\033[24;1H'");
    await act("seq 300 | less -M", /lines 1-/, " \u0002 Gq");
    await act("printf '\\033[?25l\\033[2 q\\033[?1000h\\033[?1006h\\033[?2004h'");
  }

  it("shows what a terminal that never left shows, at every join and ever after", async () => {
    const whole = newTerminal(size.cols, size.rows);
    for (const chunk of chunks) await write(whole, chunk);
    const end = picture(whole);
    const screen = new Screen(size, 0);
    const stayed = newTerminal(size.cols, size.rows);
    const joins = 60;
    for (let join = 0, at = 0; join < joins; join += 1) {
      const next = Math.floor((chunks.length * (join + 1)) / (joins + 1));
      for (; at < next; at += 1) {
        const chunk = chunks[at];
        if (chunk === undefined) continue;
        screen.feed(chunk);
        await write(stayed, chunk);
      }
      const joined = newTerminal(size.cols, size.rows);
      // A viewer whose terminal is in some state of its own.
      await write(joined, "\u001b[?1049h\u001b[31;7mjunk\u001b[3;9r\u001b[?25l\u001b[?6h\u001b[4h");
      await write(joined, clearScreen);
      await write(joined, (await snapshotOf(screen)).bytes);
      expect(picture(joined)).toEqual(picture(stayed));
      for (const chunk of chunks.slice(at)) await write(joined, chunk);
      expect(picture(joined)).toEqual(end);
    }
    expect((await snapshotOf(screen)).seq).toBeGreaterThan(1_000);
  });

  it("stands at the offset of everything that was fed before, and nothing after", async () => {
    const screen = new Screen(size, 100);
    screen.feed(Buffer.from("before"));
    const taken = snapshotOf(screen);
    screen.feed(Buffer.from("AFTER"));
    const { seq, bytes } = await taken;
    expect(seq).toBe(106);
    expect(Buffer.from(bytes).toString()).toBe("before\u001b[1;7H");
  });

  it.each([
    ["on a line above others", "\u001b[2;1Hbelow\u001b[H\u001b[35;1m"],
    ["in a line that is the last", ""],
    ["on the alternate screen", "\u001b[?1049h\u001b[H"],
    ["within a region", "\u001b[2;9r\u001b[4H"],
  ])("leaves a cursor that waits behind the last column waiting: %s", async (_, before) => {
    const looks = [
      "x",
      "日",
      "\u001b[1;3;4;94;48;2;1;2;3mx",
      "\u001b[7;9;53;38;5;200;101mé",
      "\u001b[31m\u001b[48;5;77m ",
    ];
    for (const last of looks) {
      const screen = new Screen(size, 0);
      const stayed = newTerminal(size.cols, size.rows);
      // Behind the last cell the pen is another one again.
      const fed = `${before}${"w".repeat(last === "日" ? 78 : 79)}${last}\u001b[0;2;36m`;
      screen.feed(Buffer.from(fed));
      await write(stayed, fed);
      const joined = newTerminal(size.cols, size.rows);
      await write(joined, (await snapshotOf(screen)).bytes);
      expect(stayed.buffer.active.cursorX).toBe(size.cols);
      for (const next of ["", "next"]) {
        await write(stayed, next);
        await write(joined, next);
        expect(picture(joined)).toEqual(picture(stayed));
      }
    }
  });

  it("leaves nothing in a line that was emptied after it had wrapped", async () => {
    const screen = new Screen(size, 0);
    const stayed = newTerminal(size.cols, size.rows);
    const fed = `${"w".repeat(100)}\u001b[H\u001b[K\u001b[5;5H`;
    screen.feed(Buffer.from(fed));
    await write(stayed, fed);
    const joined = newTerminal(size.cols, size.rows);
    await write(joined, (await snapshotOf(screen)).bytes);
    expect(picture(joined)).toEqual(picture(stayed));
  });

  it("carries a hidden cursor, its shape and the mouse's encoding, which Serialize leaves out", async () => {
    const screen = new Screen(size, 0);
    screen.feed(Buffer.from("\u001b[?25l\u001b[4 q\u001b[?1006h\u001b[3;9r"));
    const drawn = Buffer.from((await snapshotOf(screen)).bytes).toString();
    for (const mode of ["\u001b[?25l", "\u001b[4 q", "\u001b[?1006h", "\u001b[3;9r"]) expect(drawn).toContain(mode);
  });
});
