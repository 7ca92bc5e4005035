/** What every runtime must do with the windows of an environment, as contract.ts for everything else. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Action, Runtime, TerminalStream } from "../../../bridge/runtime/runtime.ts";
import { limits, timing } from "../../../durable-objects/protocol/timing.ts";
import type { WindowInFull } from "../../../durable-objects/protocol/windows.ts";
import { patience } from "../../support/wait-until.ts";
import { endOf, type Viewer, viewerOf } from "../support/viewer.ts";
import { becomesUp, desiredEnvironment, type Ground } from "./contract.ts";

const size = { cols: 100, rows: 30 };
const small = { cols: 60, rows: 20 };

/** The machine may be busy. */
const until = (condition: () => unknown) => vi.waitUntil(condition, { timeout: 10_000 * patience, interval: 20 });

export function windowsContract(name: string, makeGround: () => Promise<Ground>): void {
  describe(`${name} runtime keeps the contract of windows`, { timeout: 60_000 * patience }, () => {
    let ground: Ground;
    let runtime: Runtime;
    let id: string;

    const apply = (action: Action) => runtime.apply(action, AbortSignal.timeout(20_000 * patience));
    const begin = async (generation = 1) => {
      await apply({ kind: "start", environment: { ...desiredEnvironment(), id, generation } });
      await becomesUp(runtime, id);
    };
    beforeEach(async () => {
      ground = await makeGround();
      runtime = ground.open();
      id = desiredEnvironment().id;
      await begin();
    });
    afterEach(async () => {
      await runtime.close();
      await ground.dispose();
    });

    const shell = async (window = "main", at = size): Promise<{ stream: TerminalStream } & Viewer> => {
      const stream = await runtime.attach(id, window, at);
      return { stream, ...viewerOf(stream, at) };
    };
    const create = (called?: string) => runtime.createWindow(id, { name: called, isActive: false });
    const first = async () => (await runtime.windows(id))[0] as WindowInFull;
    const order = async () => (await runtime.windows(id)).map((window) => window.id);
    const active = async () => (await runtime.windows(id)).filter((window) => window.is_active).map((one) => one.id);
    const exists = async (window: string) => (await order()).includes(window);

    it("begins with one window and tells of its pane", async () => {
      await (await shell()).ask("true");
      const windows = await runtime.windows(id);
      expect(windows).toMatchObject([{ position: 0, is_active: true, panes: [{ is_active: true, ...size }] }]);
      expect(windows[0]?.id).toMatch(/^w\d+$/);
      expect(windows[0]?.panes[0]?.cwd).toMatch(/workspace$/);
      expect(windows[0]?.panes[0]?.command).toMatch(/sh$/);
    });

    it("opens a window behind the others, with a shell in the workspace or where it was asked for", async () => {
      const main = await shell();
      await main.ask("mkdir -p 'in#{pid}$(id)ner'");
      const one = await create();
      const two = await runtime.createWindow(id, { cwd: "in#{pid}$(id)ner", isActive: true });
      expect(await order()).toEqual([(await first()).id, one.id, two.id]);
      expect(await active()).toEqual([two.id]);
      expect(await (await shell(one.id)).ask('basename "$PWD"; env | grep -c DEVPOCKET')).toMatch(/^workspace\s+1$/);
      expect(await (await shell(two.id)).ask('basename "$PWD"')).toBe("in#{pid}$(id)ner");
      await until(async () => (await runtime.windows(id))[2]?.panes[0]?.cwd?.endsWith("in#{pid}$(id)ner"));
    });

    it.each([
      ["is a file", "file"],
      ["is below a file", "file/below"],
      ["leads in a circle", "circle"],
      ["has too long a name", "a".repeat(300)],
      ["is too long", "a/".repeat(3_000)],
    ])("refuses a directory that %s", async (_, cwd) => {
      await (await shell()).ask("touch file; ln -s circle circle");
      const refused = runtime.createWindow(id, { cwd, isActive: false });
      await expect(refused).rejects.toMatchObject({ code: "bad_directory" });
    });

    it("refuses a directory that is not there, and one window more than there may be", async () => {
      const nowhere = runtime.createWindow(id, { cwd: "nowhere", isActive: false });
      await expect(nowhere).rejects.toMatchObject({ code: "bad_directory" });
      const many = Array.from({ length: limits.maxWindows + 2 }, () => create());
      const answers = await Promise.allSettled(many);
      expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(limits.maxWindows - 1);
      expect(answers.at(-1)).toMatchObject({ reason: { code: "too_many_windows" } });
      expect(await order()).toHaveLength(limits.maxWindows);
    });

    it("renames, moves and selects", async () => {
      const zero = (await first()).id;
      const [a, b, c] = [(await create("a")).id, (await create("b")).id, (await create("c")).id];
      expect(await runtime.changeWindow(id, c, { position: 0 })).toMatchObject({ id: c, position: 0 });
      expect(await order()).toEqual([c, zero, a, b]);
      expect(await active()).toEqual([zero]);
      await runtime.changeWindow(id, zero, { position: 999 });
      expect([await order(), await active()]).toEqual([[c, a, b, zero], [zero]]);
      await runtime.changeWindow(id, zero, { position: 1 });
      await runtime.changeWindow(id, zero, { position: 1 });
      expect([await order(), await active()]).toEqual([[c, zero, a, b], [zero]]);
      const all = { name: "all at once", position: 2, isActive: true } as const;
      expect(await runtime.changeWindow(id, b, all)).toMatchObject({ name: "all at once", position: 2 });
      expect([await order(), await active()]).toEqual([[c, zero, b, a], [b]]);
    });

    it("shows the selected window at `main`, and a window's own terminal always that one, at its own size", async () => {
      const zero = (await first()).id;
      const other = await create();
      const main = await shell();
      expect(await main.ask("echo here-$((1+1)); W=main")).toContain("here-2");
      const own = await shell(other.id, small);
      expect(await own.ask("W=own; until stty size | grep '20 60'; do sleep 0.05; done")).toBe("20 60");
      expect(await main.ask("echo $W; stty size")).toMatch(/^main\s+30 100$/);
      await runtime.changeWindow(id, other.id, { isActive: true });
      await main.shows(/20 60/);
      main.stream.write("clear; echo typed in $W\r");
      await main.shows(/typed in own/);
      await own.shows(/typed in own/);
      await runtime.changeWindow(id, zero, { isActive: true });
      await main.shows(/main\s+30 100/);
      expect(await main.ask("echo $W; stty size")).toMatch(/^main\s+30 100$/);
      expect(await own.ask("echo $W")).toBe("own");
    });

    it("ends a window's own terminal with its window, and every other with none", async () => {
      const other = await create();
      const main = await shell();
      const own = await shell(other.id);
      expect(await own.ask("echo $((6*7))")).toBe("42");
      const ended = endOf(own.stream);
      await runtime.closeWindow(id, other.id);
      await ended;
      await expect(runtime.attach(id, other.id, size)).rejects.toMatchObject({ code: "window_not_found" });
      expect(await main.ask("echo $((6*7))")).toBe("42");
    });

    it("gives the lines above a window's own screen", async () => {
      const other = await create();
      const own = await shell(other.id);
      own.stream.write("clear; seq 1000 1099\r");
      await own.shows(/1099/);
      await own.ask("true");
      const { lines } = await runtime.history(id, other.id, { before: 0, lines: 2_000 });
      expect(lines).toContain("1001");
      expect((await runtime.history(id, "main", { before: 0, lines: 2_000 })).lines).toEqual([]);
    });

    it("closes a window whose shell ended, and gives the last one a fresh shell", async () => {
      const zero = (await first()).id;
      const other = await create();
      const own = await shell(other.id);
      const ended = endOf(own.stream);
      expect(await own.ask("echo $((6*7))")).toBe("42");
      own.stream.write("exit\r");
      await ended;
      expect(await order()).toEqual([zero]);
      const main = await shell();
      await main.ask("true");
      main.stream.write("exit\r");
      await main.shows(/this is a fresh one/);
      expect(await order()).toEqual([zero]);
    });

    it("keeps one window of those whose shells end together", async () => {
      const zero = (await first()).id;
      const other = await create();
      const prompts = [await shell(), await shell(other.id)];
      for (const prompt of prompts) await prompt.ask("true");
      for (const { stream } of prompts) stream.write("exit\r");
      await until(async () => (await order()).length === 1);
      const [left = ""] = await order();
      expect([zero, other.id]).toContain(left);
      expect(await (await shell(left)).ask("echo $((6*7))")).toBe("42");
    });

    it("does not close the last window, nor two that are the last two", async () => {
      const zero = (await first()).id;
      await expect(runtime.closeWindow(id, zero)).rejects.toMatchObject({ code: "last_window" });
      const other = await create();
      const answers = await Promise.allSettled([runtime.closeWindow(id, zero), runtime.closeWindow(id, other.id)]);
      expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
      expect(await order()).toEqual([other.id]);
    });

    it("tells what changes, whoever changes it, and nothing when nothing does", async () => {
      const told: string[][] = [];
      const stop = await runtime.followWindows(id, (windows) =>
        told.push(windows.map((window) => `${window.id} ${window.name} ${window.is_active}`)),
      );
      const last = () => told.at(-1)?.join(", ");
      await until(() => told.length === 1);
      const zero = (await first()).id;
      const other = await create("made");
      await until(() => last() === `${zero} shell true, ${other.id} made false`);
      await runtime.changeWindow(id, other.id, { name: "renamed", isActive: true });
      await until(() => last() === `${zero} shell false, ${other.id} renamed true`);
      const own = await shell(other.id);
      expect(await own.ask("echo $((6*7))")).toBe("42");
      own.stream.write("exit\r");
      await until(() => last() === `${zero} shell true`);
      const count = told.length;
      // A window's own terminal comes and goes without a change of the windows, and a rename to the same is none.
      await runtime.changeWindow(id, zero, { name: "shell" });
      stop();
      await create();
      expect(told.length).toBe(count);
    });

    it("tells a burst of changes in few words, one a moment", async () => {
      const told: number[] = [];
      const begin = performance.now();
      await runtime.followWindows(id, (windows) => told.push(windows.length));
      await Promise.all(Array.from({ length: 12 }, () => create()));
      await until(() => told.at(-1) === 13);
      expect(told.length).toBeLessThanOrEqual(1 + (performance.now() - begin) / timing.windowsGapMs);
    });

    it("brings every window back after a stop, by its id, with its name, place, directory and lines", async () => {
      const main = await shell();
      await main.ask("mkdir -p deep");
      const closed = await create("closed");
      const odd = await runtime.createWindow(id, { name: "#{pid} $(id); \\;", cwd: "deep", isActive: true });
      const last = await create("last");
      await runtime.closeWindow(id, closed.id);
      await runtime.changeWindow(id, last.id, { position: 0 });
      await (await shell(odd.id)).ask("printf 'é€😀-%s\\n' $((6*7))");
      const before = (await runtime.windows(id)).map(({ panes, ...window }) => window);
      await apply({ kind: "stop", environmentId: id });
      await begin(2);
      expect((await runtime.windows(id)).map(({ panes, ...window }) => window)).toEqual(before);
      const again = await shell(odd.id);
      await again.shows(/é€😀-42[\s\S]*restored after a restart: 3 windows and scrollback/);
      expect(await again.ask("basename $PWD")).toBe("deep");
      await expect(runtime.attach(id, closed.id, size)).rejects.toMatchObject({ code: "window_not_found" });
    });

    it("knows no windows of what does not run, and follows them again when it does", async () => {
      const told: string[][] = [];
      await runtime.followWindows(id, (windows) => told.push(windows.map((window) => window.name)));
      await until(() => told.length === 1);
      await apply({ kind: "stop", environmentId: id });
      await expect(runtime.windows(id)).rejects.toMatchObject({ code: "not_running" });
      await expect(create()).rejects.toMatchObject({ code: "not_running" });
      await begin(2);
      await create("after");
      await until(() => told.at(-1)?.join() === "shell,after");
    });

    it.each(["w99", "w0;", "@0", "main", "w-1", "#{pid}", "-t", ""])("knows no window %j", async (window) => {
      const failure = { code: "window_not_found" };
      await expect(runtime.changeWindow(id, window, { name: "x" })).rejects.toMatchObject(failure);
      await expect(runtime.closeWindow(id, window)).rejects.toMatchObject(failure);
      expect(await exists("w0")).toBe(true);
    });
  });
}
