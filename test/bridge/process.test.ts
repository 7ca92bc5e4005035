/** The bridge as a process: what it says when it cannot start, and what survives its death and its freezing. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { freePort } from "../../bridge/dev/ports.ts";
import { mainWindow, terminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { readExposition } from "../support/exposition.ts";
import { root } from "../support/source-tree.ts";
import { desiredEnvironment } from "./runtime/contract.ts";
import { disposeDataDir, machineVariables } from "./support/bridge.ts";
import { FakeEdge, token } from "./support/edge.ts";

interface BridgeProcess {
  child: ChildProcess;
  output(): string;
}

function startProcess(variables: Record<string, string>, ...args: string[]): BridgeProcess {
  // Not in the repository's root: a .dev.vars there is somebody's own.
  const child = spawn(process.execPath, [join(root, "bridge/main.ts"), ...args], {
    cwd: tmpdir(),
    env: { ...machineVariables, ENVIRONMENT: "test", ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return { child, output: () => text };
}

async function end({ child }: BridgeProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal);
    await once(child, "exit");
  }
  return child.exitCode;
}

/** By itself, and everything that it said has come. */
async function ended({ child }: BridgeProcess): Promise<void> {
  await once(child, "close", { signal: AbortSignal.timeout(30_000) });
}

const within = { timeout: 30_000 };

describe("bridge process", { timeout: 60_000 }, () => {
  let edge: FakeEdge;
  let dataDir: string;
  let bridge: BridgeProcess;
  const start = (more: Record<string, string> = {}) =>
    startProcess({
      DEVPOCKET_URL: edge.url,
      BRIDGE_TOKEN: token,
      DEVPOCKET_DATA_DIR: dataDir,
      BRIDGE_INSTANCE: "test",
      ...more,
    });

  beforeEach(async () => {
    edge = await new FakeEdge().start();
    dataDir = await mkdtemp(join(tmpdir(), "dp-"));
    bridge = start();
    await vi.waitUntil(() => edge.link !== null, within);
  }, 60_000);
  afterEach(async () => {
    await end(bridge, "SIGKILL");
    await edge.stop();
    await disposeDataDir(dataDir);
  }, 60_000);

  const clientsOf = (id: string) => execFileSync("tmux", ["-S", join(dataDir, "tmux", id), "list-clients"]).toString();
  const environmentWithShell = async () => {
    const { id } = desiredEnvironment();
    edge.desire({ ...desiredEnvironment(), id });
    await edge.becomes(id, "running");
    const dataEnd = await edge.watch(terminalId(id, mainWindow));
    return { id, dataEnd, viewer: await dataEnd.join(100, 30) };
  };

  it("keeps shell, pid, size and screen through kill -9, with one tmux client", async () => {
    const { id, viewer, dataEnd } = await environmentWithShell();
    const pid = await viewer.ask("echo $$");
    dataEnd.type("echo still-$((1+1))-here; sleep 1000 &\r");
    await viewer.shows(/still-2-here/);
    for (let round = 0; round < 2; round += 1) {
      const before = edge.link;
      await end(bridge, "SIGKILL");
      bridge = start();
      await vi.waitUntil(() => edge.link !== before, within);
    }
    const again = await edge.dataEnd(terminalId(id, mainWindow));
    expect(await again.message("hello")).toMatchObject({ cols: 100, rows: 30 });
    const { ask, shows } = await again.join(100, 30);
    await shows(/still-2-here/);
    expect(await ask("echo $$")).toBe(pid);
    expect(await ask("jobs | grep -c sleep")).toBe("1");
    await vi.waitFor(() => expect(clientsOf(id)).toMatch(/^[^\n]+\n$/), within);
  });

  it("loses nothing that was typed while it was frozen", async () => {
    const { viewer, dataEnd } = await environmentWithShell();
    const pid = await viewer.ask("echo $$");
    bridge.child.kill("SIGSTOP");
    for (const key of "echo frozen-$((20+1)) $$\r") dataEnd.type(key);
    const before = dataEnd.frames.length;
    bridge.child.kill("SIGCONT");
    await viewer.shows(new RegExp(`frozen-21 ${pid}`));
    expect(dataEnd.frames.length).toBeGreaterThan(before);
    expect(dataEnd.faults).toEqual([]);
  });

  it("ends at once on SIGTERM and leaves environments running", async () => {
    const { id, viewer } = await environmentWithShell();
    const pid = Number(await viewer.ask("echo $$"));
    expect(await end(bridge, "SIGTERM")).toBe(0);
    expect(process.kill(pid, 0)).toBe(true);
    await vi.waitFor(() => expect(clientsOf(id)).toBe(""), within);
  });

  it("does nothing more once a newer bridge has taken over", async () => {
    const { id } = await environmentWithShell();
    edge.cluster.supersede();
    await vi.waitUntil(() => bridge.output().includes("superseded"), within);
    edge.desired = edge.desired.map((each) => ({ ...each, desired: "stopped" }));
    const newer = start();
    await edge.becomes(id, "stopped");
    expect(bridge.output()).not.toContain('"action":"stop"');
    await end(newer, "SIGTERM");
  });

  it("writes no token and no variable into its log", async () => {
    const environment = desiredEnvironment({ environment_variables: { SECRET: "hunter2-hunter2" } });
    edge.desire(environment);
    await edge.becomes(environment.id, "running");
    expect(bridge.output()).toContain(environment.id);
    expect(bridge.output()).not.toContain("hunter2");
    expect(bridge.output()).not.toContain(token);
  });

  it.each([
    ["no token", { BRIDGE_TOKEN: "" }, /^bridge: BRIDGE_TOKEN is missing/],
    ["a token that is none", { BRIDGE_TOKEN: "hunter2-hunter2" }, /^bridge: BRIDGE_TOKEN is not a bridge token/],
    ["a bad URL", { DEVPOCKET_URL: "localhost" }, /^bridge: DEVPOCKET_URL is not an http/],
    ["an unknown runtime", { BRIDGE_RUNTIME: "docker" }, /^bridge: BRIDGE_RUNTIME is neither/],
    ["production", { ENVIRONMENT: "production" }, /^bridge: The local runtime does not run in production/],
    ["no word on where it runs", { ENVIRONMENT: "" }, /^bridge: The local runtime does not run in production/],
    ["no tmux", { PATH: "/nowhere" }, /^bridge: tmux is not installed/],
  ])("says one clear line and ends with 1 for %s", async (_case, variables, line) => {
    const refused = start(variables);
    await ended(refused);
    expect(refused.child.exitCode).toBe(1);
    expect(refused.output()).toMatch(line);
    expect(refused.output().trim().split("\n")).toHaveLength(1);
    expect(refused.output()).not.toContain("hunter2");
  });

  it("looks whether all is well when it is asked to, and knows no other word", async () => {
    const looking = startProcess({ DEVPOCKET_URL: edge.url, BRIDGE_TOKEN: token }, "--check");
    await ended(looking);
    expect(looking.output()).toMatch(/^ok {4}server .*\nok {4}token /);
    expect(looking.child.exitCode).toBe(0);
    const asked = startProcess({ DEVPOCKET_URL: edge.url, BRIDGE_TOKEN: token }, "--chekc");
    await ended(asked);
    expect(asked.output()).toBe("bridge: --chekc: there is only --check\n");
    expect(asked.child.exitCode).toBe(1);
  });

  it("tells on its health port whether it is connected, and its metrics on theirs", async () => {
    await end(bridge, "SIGTERM");
    const [health, metrics] = [await freePort(), await freePort()];
    bridge = start({ BRIDGE_HEALTH_PORT: String(health), BRIDGE_METRICS_PORT: String(metrics) });
    const linkUp = async () => {
      const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
      return readExposition(text).values.get("devpocket_bridge_link_up");
    };
    const status = () => fetch(`http://127.0.0.1:${health}/health`).then((response) => response.status);
    const told = { timeout: 30_000, interval: 100 };
    await vi.waitUntil(async () => (await status().catch(() => 0)) === 200, told);
    await vi.waitUntil(async () => (await linkUp().catch(() => 0)) === 1, told);
    await edge.stop();
    await vi.waitUntil(async () => (await status()) === 503, told);
    expect((await fetch(`http://127.0.0.1:${health}/health/live`)).status).toBe(200);
    expect(await linkUp()).toBe(0);
  });
});
