import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ClientStream } from "../../../bridge/runtime/local/client-stream.ts";
import { LocalRuntime } from "../../../bridge/runtime/local/local-runtime.ts";
import { attachArguments } from "../../../bridge/runtime/local/tmux.ts";
import { machinePath } from "../support/bridge.ts";
import { viewerOf } from "../support/viewer.ts";
import { desiredEnvironment, type Ground, runtimeContract } from "./contract.ts";
import { makeGround } from "./local-ground.ts";

const size = { cols: 80, rows: 24 };

function isAlive(pid: number): boolean {
  const state = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "latin1") : "";
  return state !== "" && !/\) [ZX] /.test(state);
}

runtimeContract("local", () => makeGround());

describe("local runtime", () => {
  let ground: Ground & { dataDir: string };
  let runtime: LocalRuntime;
  const open = async (under = "") => {
    ground = await makeGround(under);
    runtime = ground.open() as LocalRuntime;
  };
  const start = async (change: Parameters<typeof desiredEnvironment>[0] = {}) => {
    const environment = desiredEnvironment(change);
    await runtime.apply({ kind: "start", environment }, AbortSignal.timeout(20_000));
    return environment;
  };
  const attach = async (id: string) => {
    const stream = await runtime.attach(id, "main", size);
    return { stream, ...viewerOf(stream, size) };
  };

  beforeEach(() => open());
  afterEach(async () => {
    await runtime.close();
    await ground.dispose();
  });

  it("refuses production, and a machine without tmux", () => {
    const { dataDir } = ground;
    expect(() => new LocalRuntime({ dataDir, machinePath, isProduction: true })).toThrow(/production/);
    expect(() => new LocalRuntime({ dataDir, machinePath: "/nowhere", isProduction: false })).toThrow(/tmux/);
  });

  it("outlives its directory, also while nobody asks", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const alone = await makeGround();
      const watching = alone.open();
      await alone.dispose();
      expect(() => vi.advanceTimersByTime(60_000)).not.toThrow();
      await expect(async () => watching.observe()).rejects.toThrow(/ENOENT/);
      await watching.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it("says on the first screen that the machine's programs are used", async () => {
    const { id } = await start();
    await (await attach(id)).shows(/runs on this machine/);
  });

  it("gives processes a clean environment with nothing of ours in it", async () => {
    const { id } = await start({ environment_variables: { MINE: "1", HOME2: "x" } });
    const names = (await (await attach(id)).ask("env -0 | tr '\\0' '\\n' | cut -d= -f1 | sort | tr '\\n' ' '")).split(
      /\s+/,
    );
    expect(names).toEqual(
      ["COLORTERM", "DEVPOCKET_ENVIRONMENT_ID", "HISTCONTROL", "HISTSIZE", "HOME", "HOME2", "LANG", "LOGNAME"]
        .concat(["MINE", "PATH", "PWD", "SHELL", "SHLVL", "TERM", "TMUX_TMPDIR", "USER", "_"])
        .filter((name) => !name.startsWith("HIST")),
    );
  });

  it("is invisible: Ctrl-B reaches the program, no status line, a tmux of one's own works", async () => {
    const { id } = await start();
    const prompt = await attach(id);
    await prompt.ask("true");
    prompt.stream.write("cat -v\r");
    await prompt.shows(/cat -v\n/);
    prompt.stream.write("\u0002d\r");
    await prompt.shows(/\^Bd/);
    prompt.stream.write("\u0003");
    expect(await prompt.ask("tput colors; tput lines")).toMatch(/256\s+24/);
    expect(await prompt.ask("tmux new-session -d -s mine 'sleep 9' && tmux list-sessions -F '#S'")).toBe("mine");
  });

  it("does not spin when a shell ends at once", async () => {
    const { id } = await start();
    const prompt = await attach(id);
    await prompt.ask("echo exit > ~/.bashrc");
    prompt.stream.write("exit\r");
    await prompt.shows(/the next one begins in 1 s/);
    expect((await runtime.observe())[0]?.phase).toBe("running");
  });

  it("gives a usable shell also after the last one was killed in the middle of a full-screen program", async () => {
    const { id } = await start();
    const prompt = await attach(id);
    const before = await prompt.ask("echo $$");
    prompt.stream.write("vim\r");
    await prompt.shows(/VIM - Vi IMproved/);
    process.kill(Number(before), "SIGKILL");
    await prompt.shows(/this is a fresh one/);
    // The dying vim may say its last words in between.
    expect(await prompt.ask("echo $$; stty -a | grep -wo echo")).toMatch(/^\d+$.*^echo$/ms);
  });

  it("ends what daemonised and threw its environment away", async () => {
    const { id } = await start();
    const prompt = await attach(id);
    const daemon = "(env -i setsid sh -c 'echo $$ > pid; exec sleep 600' &)";
    const pid = Number(await prompt.ask(`${daemon}; until [ -s pid ]; do :; done; cat pid`));
    expect(isAlive(pid)).toBe(true);
    await runtime.apply({ kind: "stop", environmentId: id }, AbortSignal.timeout(20_000));
    expect(isAlive(pid)).toBe(false);
  });

  it("leaves one client after many attaches, and other people's alone", async () => {
    const { id } = await start();
    const socket = join(ground.dataDir, "tmux", id);
    const clients = () =>
      execFileSync("tmux", ["-S", socket, "list-clients", "-F", "#{client_pid}"]).toString().trim().split("\n");
    const other = (ground.open() as LocalRuntime).attach(id, "main", size);
    await other;
    await rm(join(ground.dataDir, "environments", id, "client.json"));
    for (let round = 0; round < 4; round += 1) await (await attach(id)).ask("true");
    await vi.waitUntil(() => clients().length === 2, 20_000);
    (await other).close();
  });

  it("sees that the server was killed, and starts it again", async () => {
    const environment = await start({ startup_commands: ["echo once >> times"] });
    await vi.waitUntil(async () => (await runtime.observe())[0]?.phase === "running", { timeout: 15_000 });
    const prompt = await attach(environment.id);
    const ended = new Promise<void>((resolve) => prompt.stream.onExit(resolve));
    execFileSync("tmux", ["-S", join(ground.dataDir, "tmux", environment.id), "kill-server"]);
    await ended;
    await vi.waitUntil(async () => (await runtime.observe())[0]?.phase === "stopped", 20_000);
    expect((await runtime.observe())[0]?.reason).toBe("lost");
    await runtime.apply({ kind: "start", environment }, AbortSignal.timeout(20_000));
    expect((await runtime.observe())[0]).toMatchObject({ phase: "running", installation_completed: true });
    expect(await (await attach(environment.id)).ask("cat times")).toBe("once");
  });

  it("starts no server by attaching to one that has just ended", async () => {
    const socket = join(ground.dataDir, "tmux", "ended");
    const server = { program: "tmux", socket };
    const stream = new ClientStream(server, attachArguments(server, "=main"), size);
    await new Promise<void>((resolve) => stream.onExit(resolve));
    expect(() => execFileSync("tmux", ["-S", socket, "list-sessions"], { stdio: "pipe" })).toThrow(
      /no server|No such file/,
    );
  });

  it("works under a long path with spaces, umlauts and what looks like a tmux format", async () => {
    await runtime.close();
    await ground.dispose();
    await open(`${"länge ".repeat(20)}#{pid} $(id) '"`);
    const { id } = await start();
    const prompt = await attach(id);
    expect(await prompt.ask('[ "$PWD" -ef . ] && basename "$PWD"')).toBe("workspace");
    expect(readdirSync(join(ground.dataDir, "tmux"))).toContain(id);
  });

  it("leaves an environment with the same id under another data directory alone", async () => {
    const environment = await start();
    const twin = await makeGround();
    const other = twin.open();
    await other.apply({ kind: "start", environment }, AbortSignal.timeout(20_000));
    await other.apply({ kind: "delete", environmentId: environment.id }, AbortSignal.timeout(20_000));
    expect((await runtime.observe())[0]?.phase).toBe("running");
    await other.close();
    await twin.dispose();
  });

  it("keeps the installation going while no bridge is there", async () => {
    const { id } = await start({ startup_commands: ["while [ ! -e go ]; do sleep 0.05; done; echo late"] });
    await runtime.close();
    runtime = ground.open() as LocalRuntime;
    expect((await runtime.observe())[0]?.phase).toBe("installing");
    await (await attach(id)).ask("touch go");
    await vi.waitUntil(async () => (await runtime.observe())[0]?.installation_completed === true, { timeout: 15_000 });
    const { entries } = await runtime.logs(id, { lines: 100 });
    expect(entries.map((entry) => entry.message)).toContain("late");
  });

  it("bounds the installation log and says how much is missing", async () => {
    const { id } = await start({ startup_commands: ["yes 0123456789 | head -n 300000"] });
    await vi.waitUntil(async () => (await runtime.observe())[0]?.installation_completed === true, { timeout: 30_000 });
    const { entries } = await runtime.logs(id, { lines: 1000 });
    expect(entries.some((entry) => /^\d+ lines left out$/.test(entry.message))).toBe(true);
  });
});
