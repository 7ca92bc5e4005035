/** Sessions over the end of their tmux server, with the real one: what comes back, what does not, and what is said. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LocalRuntime } from "../../../../bridge/runtime/local/local-runtime.ts";
import { encodeSession, type SavedSession } from "../../../../bridge/runtime/session/saved-session.ts";
import type { DesiredEnvironment } from "../../../../durable-objects/protocol/bridge-api.ts";
import { hostileTexts } from "../../../support/hostile-texts.ts";
import { disposeDataDir, machinePath } from "../../support/bridge.ts";
import { endOf, viewerOf } from "../../support/viewer.ts";
import { desiredEnvironment } from "../contract.ts";

const size = { cols: 80, rows: 24 };
const restoredOne = "Session restored: 1 window; running programs ended";

describe("a session after its tmux server ended", { timeout: 60_000 }, () => {
  let directory: string;
  let dataDir: string;
  let runtime: LocalRuntime;
  let environment: DesiredEnvironment;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "dp-"));
    dataDir = join(directory, "data");
    runtime = new LocalRuntime({ dataDir, machinePath, isProduction: false });
    environment = desiredEnvironment();
    await apply({ kind: "start", environment });
  });
  afterEach(async () => {
    await runtime.close();
    await disposeDataDir(dataDir);
    await rm(directory, { recursive: true, force: true });
  });

  const apply = (action: Parameters<LocalRuntime["apply"]>[0]) => runtime.apply(action, AbortSignal.timeout(20_000));
  const tmuxIn = (cwd: string, ...command: string[]) =>
    execFileSync("tmux", ["-u", "-S", join(dataDir, "tmux", environment.id), ...command], { cwd })
      .toString()
      .replace(/\n$/, "");
  const tmux = (...command: string[]) => tmuxIn("/", ...command);
  const windows = (format: string) => tmux("list-windows", "-t", "=main", "-F", format).split("\n");
  const shownIn = (window: string) => tmux("capture-pane", "-p", "-e", "-S", "-2000", "-t", `=main:${window}`);
  const inside = (...path: string[]) => join(dataDir, "environments", environment.id, ...path);
  const saved = () => inside("home", ".devpocket", "session.json");
  const savedText = () => (existsSync(saved()) ? readFileSync(saved(), "utf8") : "");
  const attach = async () => {
    const stream = await runtime.attach(environment.id, "main", size);
    return { stream, ...viewerOf(stream, size) };
  };
  const startAgain = async () => {
    environment = { ...environment, generation: environment.generation + 1 };
    await apply({ kind: "start", environment });
  };
  const restart = async () => {
    await apply({ kind: "stop", environmentId: environment.id });
    await startAgain();
  };
  const status = async () => (await runtime.observe())[0];
  /** A window that runs this command and then a shell. */
  const addWindow = (name: string, command: string, cwd = inside("workspace")) => {
    tmuxIn(cwd, "new-window", "-d", "-n", name, "-t", "=main:", "--", "sh", "-c", `${command}; exec sh -i`);
  };

  it("comes back with its windows in order, names, directories, colours and wide characters", async () => {
    mkdirSync(inside("workspace", "süb dir"));
    addWindow("日本 ünï", "printf '\\033[31mred\\033[0m and 日本語😀 plain\\n'", inside("workspace", "süb dir"));
    addWindow("third", "seq 1 300");
    tmux("select-window", "-t", "=main:1");
    await vi.waitUntil(() => shownIn("1").includes("plain") && shownIn("2").includes("\n300\n"), 20_000);
    const [unnamed] = windows("#{window_name}");
    await restart();
    expect(windows("#{window_name}")).toEqual([unnamed, "日本 ünï", "third"]);
    expect(windows("#{window_active}")).toEqual(["0", "1", "0"]);
    await vi.waitUntil(() => windows("#{pane_current_path}")[1]?.endsWith("süb dir"), 20_000);
    const line = "— restored after a restart: 3 windows and scrollback; running programs ended —";
    await vi.waitUntil(() => ["0", "1", "2"].every((window) => shownIn(window).includes(line)), 20_000);
    for (const window of ["0", "1", "2"]) expect(shownIn(window).split(line)).toHaveLength(2);
    expect(shownIn("1")).toContain("\u001b[31mred\u001b[39m and 日本語😀 plain\n");
    expect(shownIn("2")).toMatch(/^1\n2\n3\n[\s\S]*\n299\n300\n/m);
    expect(await status()).toMatchObject({
      phase: "running",
      reason: "session_restored",
      status_message: "Session restored: 3 windows; running programs ended",
    });
    // The third window's lines are above its screen, where history finds them.
    tmux("select-window", "-t", "=main:2");
    const { lines } = await runtime.history(environment.id, "main", { before: 0, lines: 2_000 });
    expect(lines).toContain("1");
    expect(existsSync(inside("restored", "0"))).toBe(false);
  });

  it("keeps the ids of its windows, by which they are watched, and gives none of them to another", async () => {
    for (const name of ["one", "two", "three"]) addWindow(name, "true");
    tmux("kill-window", "-t", "=main:1", ";", "move-window", "-s", "=main:3", "-t", "=main:1");
    tmux("select-window", "-t", "=main:2");
    const before = windows("#{window_id} #{window_name} #{window_active}");
    expect(before.map((each) => each.slice(0, 2))).toEqual(["@0", "@3", "@2"]);
    await restart();
    expect(windows("#{window_id} #{window_name} #{window_active}")).toEqual(before);
    tmux("kill-window", "-t", "=main:0");
    await restart();
    // tmux begins with 0, which nobody watches any more.
    expect(windows("#{window_id} #{window_name}")).toEqual(["@3 three", "@0 two"]);
  });

  it("makes and closes few windows for the ids in between, however far apart a planted session puts them", async () => {
    await apply({ kind: "stop", environmentId: environment.id });
    const planted = [0, 2, 503].map((id) => ({ id, name: `was ${id}`, directory: "", lines: [] }));
    writeFileSync(saved(), encodeSession({ windows: planted, active: 0, omitted: { windows: 0, panes: 0 } }));
    await startAgain();
    // One was skipped, and of 500 in all there are not 500 left.
    expect(windows("#{window_id} #{window_name}")).toEqual(["@0 was 0", "@2 was 2", "@3 was 503"]);
    expect(tmux("new-window", "-d", "-P", "-F", "#{window_id}", "-t", "=main:")).toBe("@4");
  });

  it("says so until somebody types, and says nothing on a first start", async () => {
    expect(await status()).toMatchObject({ reason: null, status_message: null });
    expect(shownIn("0")).not.toContain("restored");
    await restart();
    expect((await status())?.status_message).toBe(restoredOne);
    const changed: string[] = [];
    runtime.onChange((id) => changed.push(id));
    expect(await (await attach()).ask("echo $((6*7))")).toBe("42");
    expect(changed).toContain(environment.id);
    expect(await status()).toMatchObject({ reason: null, status_message: null });
  });

  it("runs no program again, and shows of a full-screen one what was before it", async () => {
    const prompt = await attach();
    await prompt.ask("echo before-vim; echo x >> runs");
    prompt.stream.write("vim -u NONE runs\r");
    await prompt.shows(/~ +~/);
    await restart();
    const again = await attach();
    await again.shows(/before-vim[\s\S]*vim -u NONE runs[\s\S]*restored after a restart: 1 window and scrollback/);
    expect(again.screen()).not.toMatch(/^~$/m);
    expect(await again.ask("cat runs")).toBe("x");
  });

  it("is saved a while after the last output, so that a killed server loses nothing older", async () => {
    const prompt = await attach();
    await prompt.ask("mkdir -p deep; cd deep; echo kept-$((1+1))");
    await vi.waitUntil(() => savedText().includes("kept-2"), { timeout: 20_000, interval: 50 });
    expect(statSync(saved()).mode & 0o777).toBe(0o600);
    const ended = endOf(prompt.stream);
    process.kill(Number(tmux("display-message", "-p", "#{pid}")), "SIGKILL");
    await ended;
    await vi.waitUntil(async () => (await status())?.phase === "stopped", 20_000);
    await apply({ kind: "start", environment });
    const again = await attach();
    await again.shows(/kept-2[\s\S]*restored after a restart/);
    expect(await again.ask("basename $PWD")).toBe("deep");
    expect((await status())?.status_message).toBeNull();
  });

  it("is saved when the bridge ends", async () => {
    await (await attach()).ask("echo said-$((2+1))");
    await runtime.close();
    expect(savedText()).toContain("said-3");
  });

  it("is not restored when only the last shell ended", async () => {
    await restart();
    const prompt = await attach();
    prompt.stream.write("clear; exit\r");
    await prompt.shows(/this is a fresh one/);
    expect(prompt.screen()).not.toContain("restored");
    // Nor when shell.sh itself was killed: what it was to print, it has printed.
    prompt.stream.write("clear\r");
    await prompt.shows(/^(?![\s\S]*fresh)[\s\S]*[$#] *\n*$/);
    tmux("clear-history", "-t", "=main:");
    process.kill(Number(tmux("display-message", "-p", "-t", "=main:", "#{pane_pid}")), "SIGKILL");
    await prompt.shows(/this is a fresh one/);
    expect(prompt.screen()).not.toContain("restored");
  });

  it("begins in the workspace where the former directory is gone, and keeps one shell of split panes", async () => {
    addWindow("split", "true");
    mkdirSync(inside("workspace", "gone"));
    addWindow("gone", "true", inside("workspace", "gone"));
    tmux("split-window", "-d", "-t", "=main:1");
    await vi.waitUntil(() => windows("#{pane_current_path}")[2]?.endsWith("gone"), 20_000);
    await apply({ kind: "stop", environmentId: environment.id });
    rmSync(inside("workspace", "gone"), { recursive: true });
    await startAgain();
    expect(windows("#{window_panes}")).toEqual(["1", "1", "1"]);
    await vi.waitUntil(() => windows("#{pane_current_path}").every((path) => path.endsWith("/workspace")), 20_000);
    expect((await status())?.status_message).toBe(
      "Session restored: 3 windows; not saved: 1 split pane; running programs ended",
    );
  });

  it.each(["symbolic link", "directory", "fifo", "endless line", "other version", "half", "unreadable folder"])(
    "gives a fresh shell and one honest line where what was saved is now a bad thing: %s",
    async (what) => {
      await (await attach()).ask("echo was-here");
      await apply({ kind: "stop", environmentId: environment.id });
      const outside = join(directory, "outside.json");
      writeFileSync(outside, savedText());
      const half = savedText().slice(0, -20);
      rmSync(saved());
      if (what === "symbolic link") symlinkSync(outside, saved());
      if (what === "directory") mkdirSync(saved());
      if (what === "fifo") execFileSync("mkfifo", [saved()]);
      if (what === "endless line") truncateSync(openNew(saved()), 8 * 2 ** 30);
      if (what === "other version") writeFileSync(saved(), '{"version":2}');
      if (what === "half") writeFileSync(saved(), half);
      if (what === "unreadable folder") replaceByLink(inside("home", ".devpocket"), directory);
      await startAgain();
      expect(await status()).toMatchObject({ phase: "running", reason: "session_unreadable" });
      const prompt = await attach();
      await prompt.shows(/^— after a restart: the saved session could not be read —$/m);
      expect(prompt.screen()).not.toContain("was-here");
      expect(await prompt.ask("echo later-$((6*7))")).toBe("later-42");
      // What is saved from now on goes nowhere else, either.
      await runtime.close();
      expect(readFileSync(outside, "utf8")).not.toContain("later-42");
      expect(existsSync(join(directory, "session.json"))).toBe(false);
    },
  );

  function openNew(path: string): string {
    writeFileSync(path, "");
    return path;
  }

  function replaceByLink(path: string, target: string): void {
    rmSync(path, { recursive: true });
    symlinkSync(target, path);
  }

  it("takes names for names and directories for directories, whatever they look like", async () => {
    const canary = join(directory, "canary");
    const texts = [
      ...hostileTexts(canary),
      "%H:%M",
      "a;",
      ";",
      "\\;",
      "back\\slash",
      "$HOME",
      " spaced ",
      "#",
      "line\nbreak",
    ];
    for (const some of [texts.slice(0, 18), texts.slice(18)]) {
      const directories = some.map((text) => inside("workspace", text.replaceAll("/", "_")));
      for (const path of directories) {
        mkdirSync(path);
        addWindow("x", "true", path);
      }
      await vi.waitUntil(() => directories.every((path) => pathsOfPanes().includes(path)), { timeout: 20_000 });
      await apply({ kind: "stop", environmentId: environment.id });
      const seen = savedWindows();
      expect(seen.slice(-some.length).map((each) => each.directory)).toEqual(directories);
      const windows = seen.slice(-some.length).map((each, index) => ({ ...each, name: some[index] ?? "" }));
      writeFileSync(saved(), encodeSession({ windows, active: 0, omitted: { windows: 0, panes: 0 } }));
      await startAgain();
      await vi.waitUntil(() => directories.every((path) => pathsOfPanes().includes(path)), { timeout: 20_000 });
      await apply({ kind: "stop", environmentId: environment.id });
      expect(savedWindows().map((each) => each.directory)).toEqual(directories);
      expect(savedWindows().map((each) => each.name)).toEqual(some.map((text) => text.replace("\n", "")));
      rmSync(saved());
      await startAgain();
    }
    expect(existsSync(canary)).toBe(false);
    expect(execFileSync("find", [directory, "-type", "f", "-name", "*canary*"]).toString()).toBe("");
  });

  const pathsOfPanes = () => tmux("list-panes", "-s", "-t", "=main", "-F", "#{pane_current_path}");
  const savedWindows = () => (JSON.parse(savedText()) as SavedSession).windows;
});
