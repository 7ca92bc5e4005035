/** Windows through the bridge: asked for over the control link. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AnswerResult } from "../../durable-objects/protocol/bridge-link.ts";
import { desiredEnvironment } from "./runtime/contract.ts";
import { startBridge, type TestBridge } from "./support/bridge.ts";

describe("windows through the bridge", { timeout: 30_000 }, () => {
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
});
