/** What a bridge may see and say, and what its reports make of environments. */
import { exports } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import type { ObservedEnvironment } from "../../../durable-objects/protocol/bridge-api.ts";
import { type ObservedReason, reasonFacts } from "../../../durable-objects/protocol/reasons.ts";
import { takeReport } from "../../../workers/domain/bridge.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { ViewerPeer } from "../../durable-objects/peers.ts";
import { newDeps } from "../support/deps.ts";
import { FakeBridge, seenAsDesired } from "./fake-bridge.ts";
import { api, db, newCluster, newWorld, type Problem, setPhase, setPlan, uniqueWord } from "./world.ts";

async function newEnvironment() {
  const world = await newWorld();
  const { body } = await world.create({ environment_variables: { A: "1" } });
  const bridge = new FakeBridge(world.cluster);
  const read = async () => (await api("GET", world.path(body.id), { token: world.person.token })).body;
  const seen = (more: Partial<ObservedEnvironment>): ObservedEnvironment => ({
    environment_id: body.id,
    generation: 1,
    phase: "running",
    status_message: null,
    reason: null,
    installation_completed: true,
    ...more,
  });
  return { ...world, id: body.id, bridge, read, seen };
}

describe("a bridge's token", () => {
  const desired = "/api/v1/bridge/desired";

  it("is needed, known and not revoked", async () => {
    const cluster = await newCluster();
    const statusFor = async (token: string | undefined) => (await api<Problem>("GET", desired, { token })).status;
    expect(await statusFor(undefined)).toBe(401);
    expect(await statusFor("nonsense")).toBe(401);
    expect(await statusFor(`dp_bridge_${"A".repeat(43)}`)).toBe(401);
    expect(await statusFor(cluster.token)).toBe(200);
    await db.execute(sql`update bridge_tokens set revoked_at = now() where id = ${cluster.tokenId}`);
    expect(await statusFor(cluster.token)).toBe(401);
  });

  it("opens no user's route, and a user's token none of a bridge", async () => {
    const { person, cluster } = await newWorld();
    expect((await api("GET", "/api/v1/environments", { token: cluster.token })).status).toBe(401);
    for (const [method, path] of [
      ["GET", "/desired"],
      ["POST", "/report"],
      ["POST", "/telemetry"],
    ] as const)
      expect((await api(method, `/api/v1/bridge${path}`, { token: person.token })).status).toBe(401);
  });
});

describe("the desired list", () => {
  it("holds everything the bridge needs, variables opened", async () => {
    const { bridge, id, template, person } = await newEnvironment();
    const { body, headers } = await bridge.pull();
    expect(body.environments).toEqual([
      {
        id,
        name: expect.any(String),
        desired: "running",
        generation: 1,
        template_id: template,
        image: "node:22",
        port: 8000,
        startup_commands: ["node --version"],
        environment_variables: { FROM_TEMPLATE: "yes", A: "1" },
        resources: { cpu_millicores: 500, memory_bytes: 2 ** 30, storage_bytes: 10 * 2 ** 30 },
        owner: {
          id: person.id,
          max_environments: 5,
          largest: { cpu_millicores: 2000, memory_bytes: 4 * 2 ** 30, storage_bytes: 20 * 2 ** 30 },
        },
      },
    ]);
    expect(headers.get("etag")).toBe(`"${body.revision}"`);
    expect(headers.get("cache-control")).toBe("no-store");
  });

  it("is 304 until something desired changes", async () => {
    const { bridge, create, person, path, id } = await newEnvironment();
    const etag = (await bridge.pull()).headers.get("etag") ?? "";
    const isUnchanged = async () => (await bridge.pull({ "if-none-match": etag })).status === 304;
    expect(await isUnchanged()).toBe(true);
    await bridge.obey();
    expect(await isUnchanged()).toBe(true);
    await api("POST", path(id, "/stop"), { token: person.token });
    expect(await isUnchanged()).toBe(false);
    await create();
    expect((await bridge.pull()).body.environments).toHaveLength(2);
  });
});

describe("the limits of an owner's plan in the desired list", () => {
  const limitsOf = async ({ bridge }: { bridge: FakeBridge }) => {
    const { body, headers } = await bridge.pull();
    return { etag: headers.get("etag") ?? "", max: body.environments[0]?.owner?.max_environments };
  };

  it("outdate it when the plan is changed, and when the person gets another one", async () => {
    const [plan, other] = [`plan-${uniqueWord()}`, `plan-${uniqueWord()}`];
    const { person, ...world } = await newEnvironment();
    const { person: admin, ...elsewhere } = await newEnvironment();
    await db.execute(sql`update users set role = 'admin' where id = ${admin.id}`);
    await setPlan(admin.id, other, { maxEnvironments: 7 });
    await setPlan(person.id, plan, { maxEnvironments: 3 });
    const [before, apart] = [await limitsOf(world), await limitsOf(elsewhere)];
    const body = { environments: 4, cpu: "2", memory: "4Gi", storage: "20Gi", requests_per_minute: 300 };
    expect((await api("PUT", `/api/v1/plans/${plan}`, { token: admin.token, body })).status).toBe(200);
    const grown = await limitsOf(world);
    expect([before.max, grown.max]).toEqual([3, 4]);
    expect(grown.etag).not.toBe(before.etag);
    const change = { subscription_plan: other };
    expect((await api("PATCH", `/api/v1/users/${person.id}`, { token: admin.token, body: change })).status).toBe(200);
    const moved = await limitsOf(world);
    expect(moved.max).toBe(7);
    expect(moved.etag).not.toBe(grown.etag);
    expect((await limitsOf(elsewhere)).etag).toBe(apart.etag);
    const role = { role: "user" };
    expect((await api("PATCH", `/api/v1/users/${person.id}`, { token: admin.token, body: role })).status).toBe(200);
    expect((await limitsOf(world)).etag).toBe(moved.etag);
  });
});

describe("a report", () => {
  it("moves what it tells of, step by step", async () => {
    const { bridge, read, seen } = await newEnvironment();
    await bridge.report([
      seen({ phase: "provisioning", status_message: "pulling the image", installation_completed: false }),
    ]);
    expect(await read()).toMatchObject({
      status: "creating",
      phase: "provisioning",
      status_message: "pulling the image",
    });
    await bridge.report([seen({ phase: "installing", installation_completed: false })]);
    expect(await read()).toMatchObject({ status: "running", phase: "installing", installation_completed: false });
    await bridge.report([seen({})]);
    expect(await read()).toMatchObject({ status: "running", phase: "running", installation_completed: true });
  });

  it("shows a server killed by hand as a fact in phase, and its return", async () => {
    const { bridge, read, seen } = await newEnvironment();
    await bridge.report([seen({})]);
    await bridge.report([seen({ phase: "stopped" })]);
    expect(await read()).toMatchObject({ status: "creating", phase: "restarting" });
    await bridge.report([seen({})]);
    expect(await read()).toMatchObject({ phase: "running", status_message: null });
  });

  it("says why, in words for people and for programs, and to who watches at once", async () => {
    const { bridge, read, seen, id, person } = await newEnvironment();
    const headers = { upgrade: "websocket", authorization: `Bearer ${person.token}` };
    const request = new Request(`http://server/api/v1/ws/terminal/${id}`, { headers });
    const viewer = new ViewerPeer(await exports.default.fetch(request));
    await viewer.has({ type: "welcome" });
    const told = async (phase: ObservedEnvironment["phase"], reason: ObservedReason, status: string) => {
      await bridge.report([seen({ phase, reason, installation_completed: false })]);
      const { message } = reasonFacts[reason];
      expect(await read()).toMatchObject({ status, phase, status_message: message, phase_reason: reason });
      await viewer.has({ type: "status_update", status, phase, message, reason, progress: null });
    };
    await told("provisioning", "pending", "creating");
    await told("provisioning", "unschedulable", "creating");
    await told("error", "image_pull_failed", "error");
    await told("error", "quota_exceeded", "error");
    await told("running", "out_of_memory", "running");
    await bridge.report([seen({})]);
    expect(await read()).toMatchObject({ phase: "running", status_message: null, phase_reason: null });
  });

  it("that the cluster does not answer makes no error, whatever it calls it", async () => {
    const { bridge, read, seen } = await newEnvironment();
    await bridge.report([seen({ phase: "provisioning", installation_completed: false })]);
    const away = { reason: "unavailable", status_message: "No answer", installation_completed: false } as const;
    await bridge.report([seen({ ...away, phase: "error" })]);
    expect(await read()).toMatchObject({ status: "creating", phase: "provisioning", status_message: "No answer" });
    await bridge.report([seen({ ...away, phase: "provisioning" })]);
    expect(await read()).toMatchObject({ phase: "provisioning", phase_reason: "unavailable" });
    await bridge.report([seen({})]);
    expect(await read()).toMatchObject({ phase: "running", status_message: null, phase_reason: null });
  });

  it("that leaves a running environment out means that nothing of it is there", async () => {
    const { bridge, read, seen } = await newEnvironment();
    await bridge.report([seen({})]);
    await bridge.report([]);
    expect((await read()).phase).toBe("restarting");
  });

  it("of an older generation moves nothing", async () => {
    const { bridge, read, seen, person, path, id } = await newEnvironment();
    await bridge.report([seen({})]);
    await api("POST", path(id, "/restart"), { token: person.token });
    await bridge.report([seen({ phase: "stopped" })]);
    await bridge.report([seen({})]);
    expect((await read()).phase).toBe("restarting");
    await bridge.report([seen({ generation: 2 })]);
    expect((await read()).phase).toBe("running");
  });

  it("catches up after an hour away", async () => {
    const { bridge, read, id } = await newEnvironment();
    await setPhase(id, "creating", "running", new Date(Date.now() - 3_600_000));
    expect((await read()).status).toBe("error");
    await bridge.obey();
    expect((await read()).status).toBe("running");
  });

  it("cannot touch another cluster's environment", async () => {
    const { read, seen } = await newEnvironment();
    const stranger = new FakeBridge(await newCluster());
    expect((await stranger.report([seen({ phase: "error", status_message: "gotcha" })])).status).toBe(200);
    expect((await read()).phase).toBe("creating");
    expect((await stranger.pull()).body.environments).toEqual([]);
  });

  it("answers the revision, so that a bridge notices that it is behind", async () => {
    const { bridge, create } = await newEnvironment();
    const { body } = await bridge.pull();
    await create();
    expect(Number((await bridge.report([])).body.revision)).toBe(Number(body.revision) + 1);
  });

  it("of the local runtime is refused in production", async () => {
    const { id: clusterId, tokenId } = await newCluster();
    const { config } = newDeps();
    const report = takeReport(
      newDeps({ config: { ...config, environment: "production" } }),
      { clusterId, tokenId, revision: 0 },
      { bridge_id: "b", runtime: "local", observed: [] },
    );
    expect(failureIn(await report.catch((error: unknown) => error))).toMatchObject({ kind: "forbidden" });
  });

  it("tells when its cluster was last seen and which runtime it speaks for", async () => {
    const { bridge, cluster, person } = await newEnvironment();
    const health = () =>
      api<{ status: string; details: unknown }>("GET", `/api/v1/clusters/${cluster.id}/health`, {
        token: person.token,
      });
    expect((await health()).body.status).toBe("unknown");
    await bridge.report([]);
    expect((await health()).body).toMatchObject({ status: "healthy", details: { runtime: "local" } });
    await db.execute(sql`update clusters set last_seen_at = now() - interval '1 hour' where id = ${cluster.id}`);
    expect((await health()).body.status).toBe("unhealthy");
  });

  it.each([{}, { bridge_id: "x", runtime: "local", observed: [{ environment_id: "env_x" }] }, "{", { observed: {} }])(
    "that is malformed (%j) is 400",
    async (body) => {
      const { token } = await newCluster();
      expect((await api("POST", "/api/v1/bridge/report", { token, body })).status).toBe(400);
      expect((await api("POST", "/api/v1/bridge/telemetry", { token, body })).status).toBe(400);
    },
  );

  it("and people's actions at the same time end in what is desired", async () => {
    const { bridge, read, person, path, id } = await newEnvironment();
    const act = (action: string) => api("POST", path(id, `/${action}`), { token: person.token });
    await bridge.obey();
    await Promise.all([
      act("restart"),
      bridge.obey(),
      act("stop"),
      bridge.obey(),
      act("start"),
      bridge.obey(),
      act("restart"),
    ]);
    const [desired] = await bridge.obey();
    expect((await read()).status).toBe(desired?.desired);
    await bridge.report(desired === undefined ? [] : [seenAsDesired(desired)]);
    expect((await read()).phase).toBe(desired?.desired);
  });
});

describe("telemetry", () => {
  const readings = (cpu: number | null, timestamp = new Date().toISOString()) => ({
    cpu_usage: cpu,
    memory_usage: 20,
    storage_usage: 1,
    network_in: 1000.4,
    network_out: null,
    uptime: 60,
    timestamp,
  });

  it("becomes the environment's current use and last activity", async () => {
    const { bridge, read, id } = await newEnvironment();
    await bridge.obey();
    const at = new Date(Date.now() - 5000).toISOString();
    const told = await bridge.telemetry([{ environment_id: id, readings: readings(12.5), last_activity: at }]);
    expect(told.status).toBe(204);
    expect(await read()).toMatchObject({ cpu_usage: 12.5, memory_usage: 20, storage_usage: 1, last_activity: at });
  });

  it("never lets activity go back, nor any time lie in the future", async () => {
    const { bridge, read, id } = await newEnvironment();
    const tell = (last_activity: string | null, timestamp?: string) =>
      bridge.telemetry([{ environment_id: id, readings: readings(1, timestamp), last_activity }]);
    await tell("2999-01-01T00:00:00Z", "2999-01-01T00:00:00Z");
    const first = (await read()).last_activity ?? "";
    expect(Date.parse(first)).toBeLessThanOrEqual(Date.now());
    await tell("2001-01-01T00:00:00Z");
    await tell(null, "no time at all");
    await tell("nor this");
    expect((await read()).last_activity).toBe(first);
    const { rows } = await db.execute(
      sql`select max(taken_at) <= now() as past from environment_samples where environment_id = ${id}`,
    );
    expect(rows).toEqual([{ past: true }]);
  });

  it("of another cluster's environment is left out", async () => {
    const { read, id } = await newEnvironment();
    const stranger = new FakeBridge(await newCluster());
    const sample = { environment_id: id, readings: readings(99), last_activity: new Date().toISOString() };
    expect((await stranger.telemetry([sample])).status).toBe(204);
    expect((await read()).last_activity).toBeNull();
  });

  it("of five thousand environments is taken in one request, and so is their report", async () => {
    const { bridge, read, id, cluster } = await newEnvironment();
    const copies = 4_999;
    await db.execute(sql`insert into environments (id, user_id, cluster_id, template_id, name, docker_image,
        cpu_millicores, memory_bytes, storage_bytes, sealed_variables)
      select 'env_' || substr(md5(${id} || n), 1, 20), user_id, cluster_id, template_id, name || n, docker_image,
        cpu_millicores, memory_bytes, storage_bytes, sealed_variables
      from environments, generate_series(1, ${copies}::int) n where id = ${id}`);
    const { rows } = await db.execute(sql`select id from environments where cluster_id = ${cluster.id}`);
    const ids = rows.map((row) => String(row["id"]));
    expect(ids).toHaveLength(copies + 1);
    const said = { status_message: null, reason: "installation_failed" } as const;
    const seen = { generation: 1, phase: "running", installation_completed: false, ...said } as const;
    const report = await bridge.report(ids.map((each) => ({ environment_id: each, ...seen })));
    expect(report.status).toBe(200);
    const samples = ids.map((each) => ({ environment_id: each, readings: readings(3), last_activity: null }));
    expect((await bridge.telemetry(samples)).status).toBe(204);
    expect(await read()).toMatchObject({ phase: "running", phase_reason: "installation_failed", cpu_usage: 3 });
    const { rows: kept } = await db.execute(sql`select count(*)::int as count from environment_samples s
      join environments e on e.id = s.environment_id where e.cluster_id = ${cluster.id}`);
    expect(kept).toEqual([{ count: copies + 1 }]);
    await db.execute(sql`delete from environments where cluster_id = ${cluster.id} and id <> ${id}`);
  }, 60_000);
});
