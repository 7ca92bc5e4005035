/** What a bridge tells of itself, over a real one: real sockets, real tmux, a strict reader of the format. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { serveMetrics } from "../../bridge/health.ts";
import { mainWindow, terminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { readExposition } from "../support/exposition.ts";
import { desiredEnvironment } from "./runtime/contract.ts";
import { startBridge, type TestBridge } from "./support/bridge.ts";

describe("a bridge's metrics", () => {
  let bridge: TestBridge;
  let server: Server;
  let url: string;
  beforeEach(async () => {
    bridge = await startBridge();
    server = serveMetrics({ port: 0, address: "127.0.0.1" }, () => bridge.supervisor.metricsText());
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await vi.waitUntil(() => bridge.supervisor.isConnected, 20_000);
  });
  afterEach(async () => {
    server.close();
    await bridge.stop();
  });

  const scrape = async () => {
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await response.text();
    const { values } = readExposition(text);
    return { text, value: (key: string) => values.get(key) ?? 0 };
  };

  it("count environments, terminals, steps, turns and bytes, and name nobody", async () => {
    const environment = desiredEnvironment({ environment_variables: { SECRET: "hunter2-hunter2" } });
    bridge.edge.desire(environment);
    await bridge.edge.becomes(environment.id, "running");
    const end = await bridge.edge.watch(terminalId(environment.id, mainWindow));
    const { ask } = await end.join();
    expect(await ask("seq 1 2000 | tail -1")).toBe("2000");
    // Before the count is read: more may come while it is.
    const { outputBytes } = end;
    const { text, value } = await scrape();
    expect(value('devpocket_bridge_environments{phase="running"}')).toBe(1);
    expect(value("devpocket_bridge_link_up")).toBe(1);
    expect(value("devpocket_bridge_links_total")).toBe(1);
    expect(value("devpocket_bridge_terminals_wanted")).toBe(1);
    expect(value("devpocket_bridge_terminals_open")).toBe(1);
    expect(value('devpocket_bridge_relayed_bytes_total{direction="out"}')).toBeGreaterThanOrEqual(outputBytes);
    expect(value('devpocket_bridge_relayed_bytes_total{direction="in"}')).toBeGreaterThan(20);
    expect(value('devpocket_bridge_reconcile_duration_seconds_count{outcome="ok"}')).toBeGreaterThan(1);
    expect(value('devpocket_bridge_step_duration_seconds_count{action="start",outcome="ok"}')).toBe(1);
    expect(value("process_resident_memory_bytes")).toBeGreaterThan(10_000_000);
    expect(text).not.toMatch(/hunter2|env_|dp_bridge/);
  });

  it("count what failed, and what is no longer there", async () => {
    const environment = desiredEnvironment();
    bridge.edge.desire(environment);
    await bridge.edge.becomes(environment.id, "running");
    bridge.edge.failWith = 503;
    bridge.edge.desire({ ...environment, desired: "stopped", generation: 2 });
    await vi.waitUntil(async () => (await scrape()).value('devpocket_bridge_failures_total{what="pull"}') > 0, 20_000);
    bridge.edge.failWith = null;
    await bridge.edge.becomes(environment.id, "stopped");
    // A step is counted when it is over, of which its last report may tell before.
    const stops = 'devpocket_bridge_step_duration_seconds_count{action="stop",outcome="ok"}';
    await vi.waitUntil(async () => (await scrape()).value(stops) === 1, 20_000);
    const { value } = await scrape();
    expect(value('devpocket_bridge_environments{phase="running"}')).toBe(0);
    expect(value("devpocket_bridge_terminals_open")).toBe(0);
  });

  it("are all that the port answers", async () => {
    for (const [method, path] of [
      ["GET", "/"],
      ["POST", "/metrics"],
      ["GET", "/metrics/../health"],
    ] as const) {
      expect((await fetch(url + path, { method })).status).toBe(404);
    }
  });
});
