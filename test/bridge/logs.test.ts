/** The logs socket over a change of bridge, through the terminal's own rules: no line is lost, none comes twice. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LocalRuntime } from "../../bridge/runtime/local/local-runtime.ts";
import type { LogMessage } from "../../durable-objects/protocol/client.ts";
import type { DataMessage } from "../../durable-objects/protocol/data-socket.ts";
import { logsWindow, terminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { World } from "../terminal/world.ts";
import { desiredEnvironment } from "./runtime/contract.ts";
import { startBridge, type TestBridge } from "./support/bridge.ts";
import type { DataEnd } from "./support/data-end.ts";

type Logs = Extract<DataMessage, { type: "logs" }>;

describe("the logs of an environment", { timeout: 60_000 }, () => {
  let bridge: TestBridge;
  beforeEach(async () => {
    bridge = await startBridge();
    await vi.waitUntil(() => bridge.edge.link !== null, 10_000);
  }, 60_000);
  afterEach(async () => {
    vi.restoreAllMocks();
    await bridge.stop();
  }, 60_000);

  const started = async () => {
    const environment = desiredEnvironment({ startup_commands: ["for i in 1 2 3; do echo line-$i; done"] });
    bridge.edge.desire(environment);
    await vi.waitUntil(() => bridge.edge.reported(environment.id)?.installation_completed === true, 15_000);
    return terminalId(environment.id, logsWindow);
  };

  /** What a bridge says on its data socket, taken by the terminal's rules as by its object. */
  const joined = async (world: World, end: DataEnd) => {
    const id = world.dial();
    world.hello(id, { epoch: "log", seq: 0 });
    end.send({ type: "snapshot" });
    const logs = () => end.messages.filter((message): message is Logs => message.type === "logs");
    await vi.waitUntil(() => logs().some((message) => message.replay?.ends === true), 15_000);
    for (const message of logs()) world.fromBridge(id, message);
  };
  const texts = (world: World, viewer: string) =>
    world.seen(viewer).frames.flatMap((frame) => {
      const message = frame as LogMessage;
      return message.type === "installation_log" ? [message.data] : [];
    });

  it("come once, however slowly the next bridge reads what there was", async () => {
    const logs = await started();
    const world = new World();
    const viewer = world.join("logs");
    const before = await bridge.edge.watch(logs);
    await joined(world, before);
    const soFar = texts(world, viewer);
    expect(soFar.filter((text) => text.startsWith("line-"))).toEqual(["line-1", "line-2", "line-3"]);
    const follow = LocalRuntime.prototype.followLogs;
    vi.spyOn(LocalRuntime.prototype, "followLogs").mockImplementation(function (this: LocalRuntime, id, listener) {
      return follow.call(this, id, (messages) => void setTimeout(() => listener(messages), 300));
    });
    await bridge.restart();
    const end = await vi.waitUntil(async () => {
      const open = await bridge.edge.dataEnd(logs);
      return open !== before && open.messages.some((message) => message.type === "hello") ? open : undefined;
    }, 15_000);
    await joined(world, end);
    expect(texts(world, viewer)).toEqual(soFar);
  });

  it("are replayed at once where there is nothing to wait for", async () => {
    const environment = desiredEnvironment({ desired: "stopped" });
    bridge.edge.desire(environment);
    const world = new World();
    const viewer = world.join("logs");
    await joined(world, await bridge.edge.watch(terminalId(environment.id, logsWindow)));
    expect(texts(world, viewer)).toEqual([]);
  });
});
