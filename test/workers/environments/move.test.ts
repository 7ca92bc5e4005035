/** Starting, stopping, restarting, recovering and deleting, with a bridge that follows. */
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { FakeBridge } from "./fake-bridge.ts";
import { api, db, newWorld, type Problem, patientApi, setPhase } from "./world.ts";

interface Moved {
  message: string;
  status: string;
  phase: string;
}

async function newRunning() {
  const world = await newWorld();
  const bridge = new FakeBridge(world.cluster);
  const { body } = await bridge.serve(world.create({}, patientApi));
  const { token } = world.person;
  const post = (action: string, by = patientApi) =>
    by<Moved & Problem>("POST", world.path(body.id, `/${action}`), { token });
  return { ...world, id: body.id, bridge, token, post };
}

describe("an environment", () => {
  it("stops, starts and restarts, and each request answers when it is so", async () => {
    const { bridge, post } = await newRunning();
    expect((await bridge.serve(post("stop"))).body).toMatchObject({ status: "stopped", phase: "stopped" });
    expect((await bridge.serve(post("start"))).body).toMatchObject({ status: "running", phase: "running" });
    expect((await bridge.serve(post("restart"))).body).toMatchObject({ status: "running" });
    const [desired] = (await bridge.pull()).body.environments;
    expect(desired).toMatchObject({ desired: "running", generation: 3 });
  });

  it("that is there already is simply answered", async () => {
    const { bridge, post } = await newRunning();
    expect(await post("start")).toMatchObject({ status: 200, body: { status: "running" } });
    expect(await post("recover")).toMatchObject({ status: 200, body: { status: "running" } });
    await bridge.serve(post("stop"));
    expect(await post("stop")).toMatchObject({ status: 200, body: { status: "stopped" } });
    expect((await bridge.pull()).body.environments[0]?.generation).toBe(1);
  });

  it("in the wrong state answers 409 with what it allows", async () => {
    const { id, post } = await newRunning();
    await setPhase(id, "stopped", "stopped");
    const refused = await post("restart");
    expect([refused.status, refused.body.code]).toEqual([409, "invalid_state"]);
    expect(refused.body.allowed).toEqual(["start", "stop", "delete", "update"]);
  });

  it("in error is recovered", async () => {
    const { id, bridge, post } = await newRunning();
    await setPhase(id, "error", "running");
    expect((await bridge.serve(post("recover"))).body.status).toBe("running");
  });

  it("that nobody moves is answered as it is after the wait", async () => {
    const { post } = await newRunning();
    expect((await post("stop", api)).body).toMatchObject({ status: "stopped", phase: "stopping" });
  });
});

describe("deleting", () => {
  it("refuses a running environment without force, as 400 with the word running", async () => {
    const { id, token, path } = await newRunning();
    const refused = await api<Problem>("DELETE", path(id), { token });
    expect(refused.status).toBe(400);
    expect(refused.body.detail).toContain("running");
  });

  it("hides it at once and ends when the bridge says that nothing is left", async () => {
    const { id, token, path, bridge } = await newRunning();
    const deleted = await api<Moved>("DELETE", path(id, "?force=true"), { token });
    expect([deleted.status, typeof deleted.body.message]).toEqual([200, "string"]);
    expect((await api("GET", path(id), { token })).status).toBe(404);
    expect((await bridge.pull()).body.environments).toMatchObject([
      { id, desired: "deleted", environment_variables: {} },
    ]);
    await bridge.obey();
    expect((await bridge.pull()).body.environments).toEqual([]);
    const { rows } = await db.execute(sql`select phase from environments where id = ${id}`);
    expect(rows).toEqual([{ phase: "terminated" }]);
  });

  it("takes a stopped one without force", async () => {
    const { id, token, path } = await newRunning();
    await setPhase(id, "stopped", "stopped");
    expect((await api("DELETE", path(id), { token })).status).toBe(200);
  });
});

describe("stop against start", () => {
  it("leaves one clear wish, and the environment gets there", async () => {
    const { id, bridge, post, path, token } = await newRunning();
    await bridge.serve(
      Promise.all(Array.from({ length: 10 }, (_, index) => post(index % 2 === 0 ? "stop" : "start", api))),
    );
    const [desired] = await bridge.obey();
    const detail = await api("GET", path(id), { token });
    expect(detail.body.status).toBe(desired?.desired);
  });

  it("raises the generation once for parallel starts", async () => {
    const { id, bridge, post } = await newRunning();
    await bridge.serve(post("stop"));
    await Promise.all(Array.from({ length: 20 }, () => post("start", api)));
    const [desired] = (await bridge.pull()).body.environments;
    expect([desired?.id, desired?.generation]).toEqual([id, 2]);
  });
});
