/** Windows of the local runtime: the contract, hostile names against the real tmux, and what is left behind. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Runtime } from "../../../bridge/runtime/runtime.ts";
import { windowNameSchema } from "../../../durable-objects/protocol/windows.ts";
import { hostileTexts } from "../../support/hostile-texts.ts";
import { endOf, viewerOf } from "../support/viewer.ts";
import { desiredEnvironment } from "./contract.ts";
import { makeGround } from "./local-ground.ts";
import { windowsContract } from "./windows-contract.ts";

windowsContract("local", () => makeGround());

const size = { cols: 80, rows: 24 };

/** The machine may be busy. */
const until = (condition: () => unknown) => vi.waitUntil(condition, { timeout: 20_000, interval: 20 });

describe("windows of the local runtime", { timeout: 60_000 }, () => {
  let ground: Awaited<ReturnType<typeof makeGround>>;
  let runtime: Runtime;
  let id: string;

  beforeEach(async () => {
    ground = await makeGround();
    runtime = ground.open();
    const environment = desiredEnvironment();
    id = environment.id;
    await runtime.apply({ kind: "start", environment }, AbortSignal.timeout(20_000));
  });
  afterEach(async () => {
    await runtime.close();
    await ground.dispose();
  });

  const tmux = (...args: string[]) =>
    execFileSync("tmux", ["-u", "-S", join(ground.dataDir, "tmux", id), ...args], { encoding: "utf8" });
  const sessions = () => tmux("list-sessions", "-F", "#{session_name}").trim().split("\n").sort();
  const attach = async (window: string) => viewerOf(await runtime.attach(id, window, size), size);

  it("keeps every name as it was typed and runs none of them", async () => {
    const canary = join(ground.dataDir, "canary");
    const odd = ["#[fg=red]x", "##[x", "###{pid}", "%H:%M", "a\\;", "\\", ";", "{ x }", "'", '"', "@1", "=main", "-t"];
    const texts = [...hostileTexts(canary), ...odd].map((text) => text.slice(0, 64));
    const { id: window } = await runtime.createWindow(id, { name: texts[0], isActive: true });
    const prompt = await attach(window);
    for (const name of texts) {
      expect(windowNameSchema.safeParse(name).success, name).toBe(true);
      expect((await runtime.changeWindow(id, window, { name })).name).toBe(name);
      expect((await runtime.windows(id))[1]?.name).toBe(name);
    }
    // Also for who names it by tmux alone, which keeps it in writing of its own.
    for (const name of ["a\\b $HOME #{pid}", "\\$_x\\"]) {
      tmux("set-option", "-w", "-t", "@1", "@x", name, ";", "rename-window", "-t", "@1", "#{@x}");
      expect((await runtime.windows(id))[1]?.name).toBe(name);
    }
    expect(await prompt.ask("echo $((6*7))")).toBe("42");
    expect(existsSync(canary)).toBe(false);
  });

  it("shows what tmux itself was told to call a window, later or without our own name", async () => {
    const { id: window } = await runtime.createWindow(id, { name: "ours", isActive: false });
    tmux("rename-window", "-t", window.replace("w", "@"), "theirs");
    tmux("rename-window", "-t", "@0", "x".repeat(200));
    expect((await runtime.windows(id)).map(({ name }) => name)).toEqual(["x".repeat(64), "theirs"]);
  });

  it("reads directories and titles whatever they hold", async () => {
    const main = await attach("main");
    await main.ask("D=$(printf 'a\\n0:9:@7\\tb'); mkdir \"$D\"; cd \"$D\"; printf '\\033]2;%s\\007' '#{pid} title'");
    const pane = async () => (await runtime.windows(id))[0]?.panes[0];
    await until(async () => (await pane())?.cwd?.includes("\ufffd0:9:@7\ufffdb"));
    expect(await pane()).toMatchObject({ title: "#{pid} title" });
    expect(await runtime.windows(id)).toHaveLength(1);
  });

  it("lists windows beside programs with titles of a megabyte, and passes over those", async () => {
    const title = "head -c 900000 /dev/zero | tr '\\0' t | sed 's/.*/\\x1b]2;&\\x07/'; sleep 60";
    for (let made = 0; made < 5; made += 1) tmux("new-window", "-d", title);
    await until(() => tmux("list-panes", "-s", "-F", "#{n:pane_title}").match(/900000/g)?.length === 5);
    const titles = (await runtime.windows(id)).map(({ panes }) => panes[0]?.title);
    expect(titles.slice(1)).toEqual(["", "", "", "", ""]);
    expect(titles[0]).not.toBe("");
  });

  it("lists, opens and renames windows wherever a shell is at work, also where the name is no text", async () => {
    const main = await attach("main");
    await main.ask('D=$(printf \'a\\377b\'); mkdir "$D"; cd "$D"');
    await until(async () => (await runtime.windows(id))[0]?.panes[0]?.cwd?.endsWith("/a\ufffdb"));
    const { id: window } = await runtime.createWindow(id, { isActive: false });
    await runtime.changeWindow(id, window, { name: "second" });
    expect((await runtime.windows(id)).map(({ name }) => name)).toEqual(["shell", "second"]);
  });

  it("is told of what people do with tmux itself", async () => {
    const told: string[] = [];
    await runtime.followWindows(id, (windows) => told.push(windows.map(({ name }) => name).join()));
    tmux("new-window", "-d", "-n", "by-hand");
    await until(() => told.at(-1) === "shell,by-hand");
    tmux("rename-window", "-t", "@1", "renamed");
    await until(() => told.at(-1) === "shell,renamed");
    tmux("kill-window", "-t", "@1");
    await until(() => told.at(-1) === "shell");
  });

  it("has a window's own terminal hold its size only while that has a vote", async () => {
    const width = () => tmux("list-windows", "-t", "=main", "-F", "#{window_width}").trim();
    const main = await runtime.attach(id, "main", { cols: 40, rows: 12 });
    await viewerOf(main, { cols: 40, rows: 12 }).ask("true");
    const own = await runtime.attach(id, "w0", null);
    expect(own.size).toEqual({ cols: 40, rows: 12 });
    main.resize({ cols: 160, rows: 50 });
    await until(() => width() === "160");
    await viewerOf(own, own.size).ask("true");
    own.resize({ cols: 50, rows: 20 });
    own.setVote(true);
    await until(() => width() === "50");
    own.setVote(false);
    await until(() => width() === "160");
    own.setVote(true);
    await until(() => width() === "50");
    await (await attach("w0")).ask("true");
    await until(() => width() === "80");
  });

  it("leaves no session behind: not after a close, a detach, an attach after the other, nor a killed client", async () => {
    const { id: window } = await runtime.createWindow(id, { isActive: false });
    for (let round = 0; round < 3; round += 1) await (await attach(window)).ask("true");
    const clients = () => tmux("list-clients", "-F", "#{client_pid}").trim().split("\n");
    await until(() => sessions().length === 2 && clients().length === 1);
    expect(sessions()).toEqual(["main", expect.stringMatching(`^pin-${window}-`)]);
    process.kill(Number(clients()[0]), "SIGKILL");
    await until(() => sessions().join() === "main");
    const stream = await runtime.attach(id, window, size);
    await viewerOf(stream, size).ask("true");
    stream.close();
    await until(() => sessions().join() === "main");
    await attach(window);
    await runtime.close();
    await until(() => sessions().join() === "main");
    runtime = ground.open();
    await (await attach(window)).ask("true");
    await runtime.closeWindow(id, window);
    await until(() => sessions().join() === "main");
  });

  it("opens nothing for a window that goes while its terminal is attached", async () => {
    const { id: window } = await runtime.createWindow(id, { isActive: false });
    const [attached] = await Promise.allSettled([runtime.attach(id, window, size), runtime.closeWindow(id, window)]);
    if (attached.status === "rejected") expect(attached.reason).toMatchObject({ code: "window_not_found" });
    else await endOf(attached.value);
    await until(() => sessions().join() === "main");
  });
});
