/** Two bridges over the same pods: one restores, both say so, and both are told when somebody has seen it. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KubernetesRuntime } from "../../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import { endOf, viewerOf } from "../../support/viewer.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround } from "./ground.ts";

const size = { cols: 80, rows: 24 };
const within = { timeout: 15_000, interval: 20 };

describe("two bridges over pods", { timeout: 60_000 }, () => {
  let ground: ClusterGround;
  let one: KubernetesRuntime;
  let other: KubernetesRuntime;

  beforeEach(async () => {
    ground = await makeGround();
    one = ground.open();
    other = ground.open();
  });
  afterEach(async () => {
    await Promise.all([one.close(), other.close()]);
    await ground.dispose();
  });

  const attach = async (runtime: KubernetesRuntime, id: string, window = "main") => {
    const stream = await runtime.attach(id, window, size);
    return { stream, ...viewerOf(stream, size) };
  };
  const bothSee = (change: object) =>
    vi.waitFor(async () => {
      for (const runtime of [one, other]) expect((await runtime.observe())[0]).toMatchObject(change);
    }, within);

  it("bring one session back, once, and say so until somebody types at either", async () => {
    const environment = desiredEnvironment();
    const signal = AbortSignal.timeout(30_000);
    await one.apply({ kind: "start", environment }, signal);
    await bothSee({ phase: "running", reason: null });
    await (await attach(other, environment.id)).ask("echo kept-$((1+1))");
    await one.createWindow(environment.id, { name: "second", isActive: false });
    await one.apply({ kind: "stop", environmentId: environment.id }, signal);
    await bothSee({ phase: "stopped", reason: null });
    await one.apply({ kind: "start", environment: { ...environment, generation: 2 } }, signal);
    await bothSee({ phase: "running", reason: "session_restored", generation: 2 });
    for (const runtime of [one, other])
      expect((await runtime.windows(environment.id)).map(({ name }) => name)).toEqual(["shell", "second"]);
    const prompt = await attach(other, environment.id);
    await prompt.shows(/kept-2[\s\S]*restored after a restart/);
    expect(prompt.screen().split("restored after a restart")).toHaveLength(2);
    await prompt.ask("true");
    await bothSee({ phase: "running", reason: null, status_message: null });
  });

  it("hold terminals of the same environment beside each other, and hear of windows both", async () => {
    const environment = desiredEnvironment();
    await one.apply({ kind: "start", environment }, AbortSignal.timeout(30_000));
    await bothSee({ phase: "running" });
    const told: string[][] = [[], []];
    for (const [index, runtime] of [one, other].entries()) {
      await runtime.followWindows(environment.id, (windows) => {
        told[index] = windows.map(({ name }) => name);
      });
    }
    const { id: window } = await one.createWindow(environment.id, { name: "second", isActive: false });
    const [main, own] = [await attach(one, environment.id), await attach(other, environment.id, window)];
    expect(await main.ask("echo $((6*7))")).toBe("42");
    expect(await own.ask("echo $((6*7))")).toBe("42");
    // One that connects while a session comes or goes would end tmux.
    const clients = "sh /devpocket/init/tmux.sh list-clients -F 'in control: #{client_control_mode}' | sort -u";
    expect(await main.ask(clients)).toBe("in control: 0");
    await vi.waitFor(
      () =>
        expect(told).toEqual([
          ["shell", "second"],
          ["shell", "second"],
        ]),
      within,
    );
    await other.changeWindow(environment.id, window, { name: "renamed" });
    await vi.waitFor(
      () =>
        expect(told).toEqual([
          ["shell", "renamed"],
          ["shell", "renamed"],
        ]),
      within,
    );
    // Whoever attaches last has the terminal; the other's ends.
    const ended = endOf(main.stream);
    const taken = await attach(other, environment.id);
    await ended;
    expect(await taken.ask("echo $((6*7))")).toBe("42");
  });
});
