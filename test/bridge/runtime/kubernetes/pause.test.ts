/** Terminals that are not read, and connections that have died in silence, by a clock that is turned by hand (line 14). */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { livenessTiming } from "../../../../bridge/runtime/kubernetes/exec/liveness.ts";
import type { KubernetesRuntime } from "../../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import type { TerminalStream } from "../../../../bridge/runtime/runtime.ts";
import { viewerOf } from "../../support/viewer.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, startUp } from "./ground.ts";

const size = { cols: 80, rows: 24 };
const within = { timeout: 15_000, interval: 20 };
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("a terminal over exec", { timeout: 60_000 }, () => {
  let ground: ClusterGround;
  let runtime: KubernetesRuntime;
  let id: string;

  beforeEach(async () => {
    ground = await makeGround();
    runtime = ground.open();
    const environment = desiredEnvironment();
    id = environment.id;
    await startUp(runtime, environment);
    // What keeps watch over connections, and nothing else of the process.
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await runtime.close();
    await ground.dispose();
  });

  const attach = async () => {
    const stream = await runtime.attach(id, "main", size);
    return { stream, ...viewerOf(stream, size) };
  };
  const endOf = (stream: TerminalStream) => {
    const onExit = vi.fn();
    stream.onExit(onExit);
    return () => onExit.mock.calls.length > 0;
  };

  it("gives nothing while it is paused, however long, and everything in its order afterwards", async () => {
    const { stream, ask, shows, screen } = await attach();
    await ask("true");
    const isOver = endOf(stream);
    stream.pause();
    stream.write("clear; echo paused-$((1+1)); for i in 1 2 3 4 5 6; do sleep 0.1; echo later-$i; done\r");
    for (let look = 0; look < 20; look += 1) await pass(livenessTiming.pauseAtMostMs);
    expect(screen()).not.toContain("paused-2");
    expect(isOver()).toBe(false);
    stream.resume();
    await shows(/paused-2\s+later-1\s+later-2\s+later-3\s+later-4\s+later-5\s+later-6/);
    expect(await ask("echo $((6*7))")).toBe("42");
  });

  it.each([false, true])("ends when its connection has died, paused or not: %s", async (isPaused) => {
    const { stream, ask } = await attach();
    await ask("true");
    const isOver = endOf(stream);
    if (isPaused) stream.pause();
    ground.cluster.exec.freezeAll();
    for (let turn = 0; turn < 12 && !isOver(); turn += 1) await pass(livenessTiming.pingEveryMs);
    await vi.waitUntil(isOver, within);
    const again = await attach();
    expect(await again.ask("echo $((6*7))")).toBe("42");
  });
});
