/** When a session is saved, by a clock that is turned by hand: after activity, in bounds, and never without any. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RuntimeFailure } from "../../../../bridge/runtime/runtime.ts";
import type { SessionFiles } from "../../../../bridge/runtime/session/files.ts";
import { SessionKeeper } from "../../../../bridge/runtime/session/keeper.ts";
import { parseSession, sessionLimits } from "../../../../bridge/runtime/session/saved-session.ts";
import type { RunTmux } from "../../../../bridge/runtime/session/tmux-session.ts";

/** Files in memory, which may be full. */
class MemoryFiles implements SessionFiles {
  saved: string | null = null;
  saves = 0;
  isFull = false;

  async load(): Promise<string | null> {
    return this.saved;
  }
  async save(text: string): Promise<void> {
    if (this.isFull) throw new RuntimeFailure("unavailable", "No space left");
    this.saved = text;
    this.saves += 1;
  }
  async lay(texts: readonly string[]): Promise<string[]> {
    return texts.map((_, index) => `/laid/${index}`);
  }
  async countLaid(): Promise<number> {
    return 0;
  }
}

describe("a session's keeper", () => {
  let files: MemoryFiles;
  let screen: string | null;
  let looks: number;
  let complaints: string[];
  let keeper: SessionKeeper;

  /** One window that shows `screen`; null: the server has ended. */
  const tmux: RunTmux = async (command) => {
    if (screen === null) throw new RuntimeFailure("unavailable", "no server running");
    if (command[0] === "capture-pane") return `${screen}\n${command.at(-1)}\n`;
    looks += 1;
    const mark = command.at(-1)?.slice(0, 36);
    return `${mark}%0 @0 1 1 0 0 80 sh\t\t\t/work\n`;
  };
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  const lines = () => parseSession(files.saved ?? "")?.windows[0]?.lines;
  const print = (text: string) => {
    screen = text;
    keeper.noteActivity();
  };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    files = new MemoryFiles();
    screen = "";
    looks = 0;
    complaints = [];
    keeper = new SessionKeeper({ tmux, files, onUnsaved: (why) => complaints.push(why) });
  });
  afterEach(() => vi.useRealTimers());

  it("does nothing while nothing happens", async () => {
    await pass(86_400_000);
    expect(looks).toBe(0);
  });

  it("saves when it has become quiet, looks once more, and then never", async () => {
    print("one");
    await pass(3_000);
    print("two");
    await pass(4_900);
    expect(files.saves).toBe(0);
    await pass(200);
    expect(lines()).toEqual(["two"]);
    await pass(86_400_000);
    expect(files.saves).toBe(1);
    expect(looks).toBe(2);
  });

  it("saves every 30 seconds while it never becomes quiet, and no sooner than 10 s after the last time", async () => {
    for (let second = 0; second < 300; second += 1) {
      print(`at ${second}`);
      await pass(1_000);
      if (second >= 30) expect(Number(lines()?.[0]?.slice(3))).toBeGreaterThanOrEqual(second - 30);
    }
    expect(files.saves).toBeLessThanOrEqual(12);
    await pass(60_000);
    files.saves = 0;
    for (let second = 0; second < 300; second += 6) {
      print(`again at ${second}`);
      await pass(6_000);
    }
    expect(files.saves).toBeLessThanOrEqual(31);
  });

  it("goes on looking at what prints with nobody watching, as long as it does", async () => {
    print("first");
    for (let round = 0; round < 5; round += 1) {
      await pass(20_000);
      screen = `unwatched ${round}`;
    }
    await pass(30_000);
    expect(lines()).toEqual(["unwatched 4"]);
    await pass(86_400_000);
    expect(looks).toBeLessThan(10);
  });

  it("begins again when somebody else has seen later output", async () => {
    print("first");
    await pass(86_400_000);
    screen = "second";
    keeper.noteOutputAt(performance.timeOrigin + performance.now() - 80_000_000_000);
    await pass(60_000);
    expect(lines()).toEqual(["first"]);
    keeper.noteOutputAt(performance.timeOrigin + performance.now());
    await pass(60_000);
    expect(lines()).toEqual(["second"]);
  });

  it("keeps what was saved when the server is gone", async () => {
    print("kept");
    await keeper.save();
    keeper.noteActivity();
    screen = null;
    await keeper.save();
    await pass(60_000);
    expect(lines()).toEqual(["kept"]);
    expect(complaints).toEqual([]);
  });

  it("writes no more of a window than may be saved of it", async () => {
    print(Array.from({ length: 3_000 }, (_, index) => `${index} ${'"'.repeat(300)}`).join("\n"));
    await keeper.save();
    const [window] = JSON.parse(files.saved ?? "").windows;
    expect(Buffer.byteLength(JSON.stringify(window.lines))).toBeLessThanOrEqual(sessionLimits.maxWindowBytes);
    expect(window.lines.at(-1)).toMatch(/^2999 "/);
    expect(window.lines).toEqual(lines());
  });

  it("complains once while it cannot save, and saves when it can", async () => {
    files.isFull = true;
    for (const text of ["one", "two", "three"]) {
      print(text);
      await pass(60_000);
    }
    expect(complaints).toEqual(["No space left"]);
    files.isFull = false;
    print("four");
    await pass(60_000);
    expect(lines()).toEqual(["four"]);
  });

  it("saves at the end what is not saved, and is silent after that", async () => {
    print("last words");
    await keeper.close();
    expect(lines()).toEqual(["last words"]);
    print("after");
    await pass(86_400_000);
    expect(files.saves).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
