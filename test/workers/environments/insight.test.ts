/** Metrics and logs: what the cluster answers, what is said when it does not, and the history that was kept. */
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import type { Readings } from "../../../durable-objects/protocol/bridge-link.ts";
import { clusterThatAnswers } from "./answering-cluster.ts";
import { db, newWorld, type Problem, setPhase } from "./world.ts";

interface Metrics extends Readings {
  disk_usage: number | null;
  current: Readings;
  historical: Record<string, unknown>[];
  step: string;
  resources: { limits: Record<string, string> };
}
interface Logs {
  logs: string[];
  total: number;
  has_more: boolean;
  entries: unknown[];
}

const readings: Readings = {
  cpu_usage: 12,
  memory_usage: 34,
  storage_usage: 5,
  network_in: 100,
  network_out: 200,
  uptime: 60,
  timestamp: "2026-01-01T00:00:00.000Z",
};
const silent = clusterThatAnswers(() => ({ kind: "failed", code: "unavailable", message: "no bridge" }));

async function newEnvironment(phase = "running") {
  const world = await newWorld();
  const { body } = await world.create();
  await setPhase(body.id, phase, phase === "running" ? "running" : "stopped");
  return { id: body.id, token: world.person.token, path: (rest: string) => world.path(body.id, rest) };
}

describe("metrics", () => {
  it("are the bridge's readings, with the limits they are percentages of", async () => {
    const { api, asked } = clusterThatAnswers(() => ({ kind: "metrics", readings }));
    const { id, token, path } = await newEnvironment();
    const { status, body } = await api<Metrics>("GET", path("/metrics"), { token });
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...readings, disk_usage: 5, current: readings, historical: [], step: "60s" });
    expect(body.resources.limits).toEqual({ cpu: "500m", memory: "1Gi", storage: "10Gi" });
    expect(asked).toEqual([{ kind: "metrics", environment_id: id }]);
  });

  it.each([
    ["running", "unavailable"],
    ["stopped", "not_running"],
  ])("of one that is %s are null with a reason when there is no reading", async (phase, reason) => {
    const { token, path } = await newEnvironment(phase);
    const { status, body } = await silent.api<Metrics>("GET", path("/metrics"), { token });
    expect([status, body.cpu_usage, body.uptime, body.reason]).toEqual([200, null, null, reason]);
  });

  it("have a history in the steps asked for", async () => {
    const { id, token, path } = await newEnvironment("stopped");
    await db.execute(sql`insert into environment_samples (environment_id, taken_at, cpu_usage, network_in_bytes)
      select ${id}, date_bin('1 hour', now(), 'epoch') - interval '1 hour' + n * interval '1 minute', n, n * 10 from generate_series(0, 3) n`);
    await db.execute(
      sql`insert into environment_samples (environment_id, taken_at, cpu_usage) values (${id}, now() - interval '3 days', 99)`,
    );
    await db.execute(sql`update environments set created_at = now() - interval '10 days' where id = ${id}`);
    const { body } = await silent.api<Metrics>("GET", path("/metrics?range=2h&step=2m"), { token });
    const told = body.historical.map((point) => [point["cpu_usage"], point["network_in"], point["memory_usage"]]);
    expect(told.filter(([cpu]) => cpu !== null)).toEqual([
      [0.5, 10, null],
      [2.5, 30, null],
    ]);
    const wide = await silent.api<Metrics>("GET", path("/metrics?range=7d&step=1s"), { token });
    const [first] = wide.body.historical.filter((point) => point["cpu_usage"] !== null);
    expect([wide.body.step, first?.["cpu_usage"]]).toEqual(["605s", 99]);
    expect(wide.body.historical.length).toBeLessThanOrEqual(1000);
  });

  it("have a point without readings for each step in which there were none", async () => {
    const { id, token, path } = await newEnvironment("stopped");
    await db.execute(sql`update environments set created_at = now() - interval '1 hour' where id = ${id}`);
    await db.execute(sql`insert into environment_samples (environment_id, taken_at, cpu_usage)
      values (${id}, now() - interval '30 minutes', 7), (${id}, now() - interval '10 minutes', 8)`);
    const { body } = await silent.api<Metrics>("GET", path("/metrics?range=2h&step=5m"), { token });
    const times = body.historical.map((point) => Date.parse(String(point["timestamp"])) / 300_000);
    expect(times).toEqual(times.map((_, index) => (times[0] ?? 0) + index));
    expect(times.length).toBeGreaterThanOrEqual(10);
    expect(times.length).toBeLessThanOrEqual(12);
    const read = body.historical.flatMap((point) => point["cpu_usage"] ?? []);
    expect(read).toEqual([7, 8]);
  });

  it.each(["range=8d", "range=x", "step=0s", "step=1.5m"])("refuse %s", async (query) => {
    const { token, path } = await newEnvironment();
    expect((await silent.api<Problem>("GET", path(`/metrics?${query}`), { token })).status).toBe(400);
  });
});

describe("logs", () => {
  const entries = ["one", "two"].map((message) => ({
    timestamp: readings.timestamp,
    level: "info",
    message,
    source: "startup",
  }));

  it("are the bridge's entries, as text too", async () => {
    const { api, asked } = clusterThatAnswers(() => ({ kind: "logs", entries, has_more: true }));
    const { id, token, path } = await newEnvironment();
    const { body } = await api<Logs>("GET", path("/logs?lines=2&since=2026-01-01T00:00:00Z"), { token });
    expect(body).toEqual({ logs: ["one", "two"], entries, total: 2, has_more: true });
    expect(asked).toEqual([{ kind: "logs", environment_id: id, lines: 2, since: "2026-01-01T00:00:00Z" }]);
  });

  it("of an environment the cluster holds nothing of are empty", async () => {
    const { api } = clusterThatAnswers(() => ({ kind: "failed", code: "not_found", message: "none" }));
    const { token, path } = await newEnvironment("stopped");
    expect((await api<Logs>("GET", path("/logs"), { token })).body).toEqual({
      logs: [],
      entries: [],
      total: 0,
      has_more: false,
    });
  });

  it("are 503 bridge_unavailable with Retry-After when no bridge answers", async () => {
    const { token, path } = await newEnvironment();
    const refused = await silent.api<Problem>("GET", path("/logs"), { token });
    expect([refused.status, refused.body.code]).toEqual([503, "bridge_unavailable"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it.each(["lines=0", "lines=1001", "lines=x", "since=yesterday"])("refuse %s", async (query) => {
    const { token, path } = await newEnvironment();
    expect((await silent.api<Problem>("GET", path(`/logs?${query}`), { token })).status).toBe(400);
  });
});
