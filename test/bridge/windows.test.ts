/** Windows through the bridge: asked for over the control link, told and watched over data sockets. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AnswerResult } from "../../durable-objects/protocol/bridge-link.ts";
import { terminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { desiredEnvironment } from "./runtime/contract.ts";
import { startBridge, type TestBridge } from "./support/bridge.ts";

describe("windows through the bridge", () => {
  let bridge: TestBridge;
  let id: string;

  beforeEach(async () => {
    bridge = await startBridge();
    const environment = desiredEnvironment();
    id = environment.id;
    bridge.edge.desire(environment);
    await bridge.edge.becomes(id, "running");
  });
  afterEach(() => bridge.stop());

  const ask = (kind: string, rest: object = {}): Promise<AnswerResult> =>
    bridge.edge.ask({ kind, environment_id: id, ...rest } as never);
  const create = async (rest: object = {}) => {
    const made = await ask("create_window", rest);
    if (made.kind !== "window") throw new Error(JSON.stringify(made));
    return made.window;
  };

  it("are listed, made, changed and closed, and what cannot be done is named", async () => {
    const made = await create({ name: "#{pid} `id`;", cwd: ".", is_active: true });
    expect(made).toMatchObject({ name: "#{pid} `id`;", position: 1, is_active: true });
    const change = { window: made.id, name: "-t", position: 0 };
    expect(await ask("change_window", change)).toMatchObject({ kind: "window", window: { name: "-t", position: 0 } });
    const listed = await ask("windows");
    expect(listed).toMatchObject({ kind: "windows", windows: [{ id: made.id, panes: [{ is_active: true }] }, {}] });
    expect(await ask("close_window", { window: made.id })).toEqual({ kind: "window_closed" });
    expect(await ask("close_window", { window: made.id })).toMatchObject({ code: "window_not_found" });
    expect(await ask("close_window", { window: "w0" })).toMatchObject({ code: "last_window" });
    expect(await ask("create_window", { cwd: "nowhere" })).toMatchObject({ code: "bad_directory" });
    const unknown = { environment_id: desiredEnvironment().id };
    expect(await ask("windows", unknown)).toMatchObject({ kind: "failed", code: "not_found" });
  });

  const until = (condition: () => unknown) => vi.waitUntil(condition, { timeout: 20_000, interval: 20 });
  const watch = async (window: string) => {
    const end = await bridge.edge.watch(terminalId(id, window));
    const told = () => end.messages.flatMap((each) => (each.type === "windows" ? [each.windows] : []));
    const names = () =>
      told()
        .at(-1)
        ?.map(({ name }) => name);
    return { end, told, names };
  };
  const sessions = () => {
    const socket = join(bridge.dataDir, "tmux", id);
    return execFileSync("tmux", ["-S", socket, "list-sessions", "-F", "#{session_name}"], { encoding: "utf8" }).trim();
  };

  it("are told to a socket that asks, at once and whenever they change, and to no other", async () => {
    const main = await watch("main");
    const silent = await watch("logs");
    main.end.send({ type: "windows" });
    await until(() => main.names()?.join() === "shell");
    main.end.send({ type: "windows" });
    await until(() => main.told().length === 2);
    await create({ name: "second" });
    await until(() => main.names()?.join() === "shell,second");
    const { ask: type } = await main.end.join();
    expect(await type("echo $((6*7))")).toBe("42");
    main.end.type("exit\r");
    await until(() => main.names()?.join() === "second");
    expect(silent.told()).toEqual([]);
    expect(main.told().length).toBeLessThan(8);
  });

  it("have terminals of their own, with their own size, epoch and input", async () => {
    const made = await create({ name: "second" });
    const main = await watch("main");
    const own = await watch(made.id);
    const mine = await main.end.join();
    const other = await own.end.join(61, 17);
    expect(await mine.ask("W=main; stty size")).toBe("24 80");
    expect(await other.ask("W=own; until stty size | grep '17 61'; do sleep 0.05; done")).toBe("17 61");
    expect([await mine.ask("echo $W; stty size"), await other.ask("echo $W")]).toEqual([
      expect.stringMatching(/^main\s+24 80$/),
      "own",
    ]);
    const epochs = [await main.end.message("hello"), await own.end.message("hello")].map(({ epoch }) => epoch);
    expect(new Set(epochs).size).toBe(2);
    expect([...main.end.faults, ...own.end.faults]).toEqual([]);
  });

  it("have a size that their own terminals hold only while somebody with a say in it watches those", async () => {
    const main = await watch("main");
    const { ask: type } = await main.end.join(40, 12);
    const becomes = (cols: number) =>
      type(`until [ $(tput cols) = ${cols} ]; do sleep 0.05; done; echo "<$((${cols} - 1))>"`);
    expect(await becomes(40)).toContain("<39>");
    const own = await watch("w0");
    await own.end.snapshot();
    main.end.send({ type: "resize", cols: 160, rows: 50, alone: true });
    expect(await becomes(160)).toContain("<159>");
    own.end.send({ type: "resize", cols: 60, rows: 20, alone: true });
    expect(await becomes(60)).toContain("<59>");
    own.end.send({ type: "unsized" });
    expect(await becomes(160)).toContain("<159>");
    own.end.send({ type: "resize", cols: 60, rows: 20, alone: true });
    expect(await becomes(60)).toContain("<59>");
    bridge.edge.unwatch(terminalId(id, "w0"));
    expect(await becomes(160)).toContain("<159>");
  });

  it("take their own terminals with them, and are gone for who asks for them then", async () => {
    const made = await create();
    const own = await watch(made.id);
    await own.end.join();
    await ask("close_window", { window: made.id });
    await own.end.message("gone");
    bridge.edge.unwatch(terminalId(id, made.id));
    await until(() => sessions() === "main");
    await (await watch(made.id)).end.message("gone");
    await (await watch("w77")).end.message("gone");
  });

  it("keep their terminal for a while when nobody watches, at the same place", async () => {
    const made = await create();
    const first = await watch(made.id);
    await first.end.join();
    bridge.edge.unwatch(terminalId(id, made.id));
    await until(() => first.end.socket.readyState === first.end.socket.CLOSED);
    const second = await watch(made.id);
    const [before, after] = [await first.end.message("hello"), await second.end.message("hello")];
    expect(after.epoch).toBe(before.epoch);
    expect(sessions().split("\n")).toHaveLength(2);
    await bridge.restart();
    await until(() => sessions() === "main");
  });
});
