/** Several bridges of one cluster, as processes over one runtime: who leads, who serves, and what a person notices. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bridgeOf } from "../../durable-objects/protocol/placement.ts";
import { mainWindow, terminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { root } from "../support/source-tree.ts";
import { desiredEnvironment } from "./runtime/contract.ts";
import { disposeDataDir, machineVariables } from "./support/bridge.ts";
import type { DataEnd } from "./support/data-end.ts";
import { FakeEdge, token } from "./support/edge.ts";

const slow = { timeout: 60_000, interval: 20 };

interface OneOfSeveral {
  id: string;
  child: ChildProcess;
  log(): string;
}

describe("two bridges of one cluster", { timeout: 120_000 }, () => {
  let edge: FakeEdge;
  let dataDir: string;
  let bridges: OneOfSeveral[];
  /** Also those that never came to share. */
  let children: ChildProcess[] = [];

  /** Starts a process and waits until it shares. */
  const start = async (): Promise<OneOfSeveral> => {
    const variables = { DEVPOCKET_URL: edge.url, BRIDGE_TOKEN: token, DEVPOCKET_DATA_DIR: dataDir };
    const child = spawn(process.execPath, [join(root, "bridge/main.ts")], {
      cwd: tmpdir(),
      env: { ...machineVariables, ENVIRONMENT: "test", ...variables },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const id = await vi.waitUntil(() => /"bridge_id":"([^"]+)"/.exec(text)?.[1], slow);
    await vi.waitUntil(() => edge.cluster.bridges.includes(id), slow);
    return { id, child, log: () => text };
  };

  beforeEach(async () => {
    edge = await new FakeEdge().start();
    dataDir = await mkdtemp(join(tmpdir(), "dp-"));
    bridges = [await start(), await start()];
  }, 60_000);
  afterEach(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    children = [];
    await edge.stop();
    await disposeDataDir(dataDir);
  }, 60_000);

  const leader = () => bridges.find(({ id }) => id === edge.cluster.leader) as OneOfSeveral;
  const other = () => bridges.find(({ id }) => id !== edge.cluster.leader) as OneOfSeveral;

  /** Brings up an environment that this bridge serves. */
  const environmentOf = async ({ id: bridge }: OneOfSeveral) => {
    const ids = bridges.map(({ id }) => id);
    let environment = desiredEnvironment();
    while (bridgeOf(environment.id, ids) !== bridge) environment = desiredEnvironment();
    edge.desire(environment);
    await edge.becomes(environment.id, "running");
    const main = terminalId(environment.id, mainWindow);
    const end = await edge.watch(main);
    return { environment, main, end, viewer: await end.join() };
  };
  /** The data socket that has taken this one's place. */
  const movedFrom = (end: DataEnd, terminal: string) =>
    vi.waitUntil(async () => {
      const found = await edge.dataEnd(terminal);
      return found === end ? undefined : found;
    }, slow);
  const attachedBy = ({ log }: OneOfSeveral, terminal: string) =>
    log()
      .split("\n")
      .filter((line) => line.includes("terminal attached") && line.includes(terminal)).length;

  it("take their parts: one starts and reports, each serves its own, and neither disturbs the other's", async () => {
    const [led, following] = [leader(), other()];
    const first = await environmentOf(led);
    const second = await environmentOf(following);
    expect(await first.viewer.ask("echo $((6*7))")).toBe("42");
    expect(await second.viewer.ask("echo $((6*8))")).toBe("48");
    expect(following.log()).not.toContain('"step taken"');
    for (const { main } of [first, second]) {
      expect(bridges.map((bridge) => attachedBy(bridge, main)).sort()).toEqual([0, 1]);
    }
    edge.desire({ ...second.environment, desired: "stopped" });
    await edge.becomes(second.environment.id, "stopped");
    await second.end.message("detached");
    expect(following.log()).not.toContain('"step taken"');
  });

  it("hand everything over when one is told to end: what runs goes on, the other leads at once", async () => {
    const [led, following] = [leader(), other()];
    const { environment, main, end, viewer } = await environmentOf(led);
    const pid = await viewer.ask("echo $$; touch here");
    end.type("echo typed-$((40+2))\r");
    led.child.kill("SIGTERM");
    expect((await once(led.child, "exit"))[0]).toBe(0);
    expect(led.log()).toContain("bridge drains");
    const again = await (await movedFrom(end, main)).join();
    await again.shows(/^typed-42/m);
    expect(await again.ask("echo $$")).toBe(pid);
    expect(edge.cluster.leader).toBe(following.id);
    edge.desire({ ...environment, desired: "stopped" });
    await edge.becomes(environment.id, "stopped");
    expect(following.log()).toContain('"action":"stop"');
  });

  it("go on when one is killed: its terminals move, and so do its duties once it cannot be acting any more", async () => {
    const [led, following] = [leader(), other()];
    const { environment, main, end, viewer } = await environmentOf(led);
    const pid = await viewer.ask("echo $$");
    led.child.kill("SIGKILL");
    await vi.waitUntil(() => !edge.cluster.bridges.includes(led.id), slow);
    expect(edge.cluster.leader).toBe(led.id);
    const again = await (await movedFrom(end, main)).join();
    expect(await again.ask("echo $$")).toBe(pid);
    edge.desire({ ...environment, desired: "stopped" });
    await vi.waitUntil(() => edge.cluster.leader === following.id, slow);
    await vi.waitUntil(() => edge.reported(environment.id)?.phase === "stopped", slow);
  });

  it("replace one that is frozen, which has stopped leading by its own clock when it comes to", async () => {
    const [led, following] = [leader(), other()];
    const { environment, main, end, viewer } = await environmentOf(led);
    const pid = await viewer.ask("echo $$");
    led.child.kill("SIGSTOP");
    await vi.waitUntil(() => edge.cluster.leader === following.id, slow);
    await vi.waitUntil(() => attachedBy(following, main) > 0, slow);
    const again = await (await movedFrom(end, main)).join();
    expect(await again.ask("echo $$")).toBe(pid);
    const steps = led.log().split('"step taken"').length;
    edge.desire({ ...environment, desired: "stopped" });
    await edge.becomes(environment.id, "stopped");
    led.child.kill("SIGCONT");
    await vi.waitUntil(() => led.log().includes("bridge leads no more"), slow);
    await vi.waitUntil(() => edge.cluster.bridges.includes(led.id), slow);
    expect(edge.cluster.leader).toBe(following.id);
    expect(led.log().split('"step taken"').length).toBe(steps);
  });
});
