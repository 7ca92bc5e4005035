/** Windows over REST: what the bridge is asked, and what its answers and silences become. */
import { describe, expect, it } from "vitest";
import type { AnswerResult } from "../../../durable-objects/protocol/bridge-link.ts";
import type { WindowInFull } from "../../../durable-objects/protocol/windows.ts";
import { hostileTexts } from "../../support/hostile-texts.ts";
import { call } from "../support/api.ts";
import { clusterThatAnswers } from "./answering-cluster.ts";
import { newPerson, newWorld, type Problem, api as plainApi, setPhase, uniqueWord } from "./world.ts";

const pane = { id: "p0", is_active: true, pid: 7, command: "bash", title: "", cwd: "/w", cols: 80, rows: 24 };
const window: WindowInFull = { id: "w3", name: "#{pid} $(id)", position: 0, is_active: true, panes: [pane] };

const served = clusterThatAnswers((question): AnswerResult => {
  if (question.kind === "windows") return { kind: "windows", windows: [window] };
  if (question.kind === "close_window") return { kind: "window_closed" };
  return { kind: "window", window };
});
const failing = (code: Extract<AnswerResult, { kind: "failed" }>["code"]) =>
  clusterThatAnswers(() => ({ kind: "failed", code, message: "for the log" })).api;

async function newEnvironment(phase = "running") {
  const world = await newWorld();
  const { body } = await world.create();
  await setPhase(body.id, phase, phase === "running" ? "running" : "stopped");
  return { id: body.id, person: world.person, token: world.person.token, at: world.path(body.id, "/windows") };
}

describe("windows of a running environment", () => {
  it("are listed with their panes", async () => {
    const { id, token, at } = await newEnvironment();
    const { status, body } = await served.api<{ windows: unknown }>("GET", at, { token });
    expect([status, body]).toEqual([200, { windows: [window] }]);
    expect(served.asked.at(-1)).toEqual({ kind: "windows", environment_id: id });
  });

  it("are opened, changed and closed as asked, every field as it was typed", async () => {
    const { id: environment_id, token, at } = await newEnvironment();
    for (const name of hostileTexts("/tmp/never")) {
      const body = { name, cwd: name, is_active: true };
      expect((await served.api("POST", at, { token, body })).status).toBe(201);
      expect(served.asked.at(-1)).toEqual({ kind: "create_window", environment_id, ...body });
    }
    expect((await served.api("POST", at, { token, body: { name: null } })).status).toBe(201);
    expect(served.asked.at(-1)).toEqual({ kind: "create_window", environment_id });
    const change = { name: "-t", position: 0, is_active: true };
    expect((await served.api("PATCH", `${at}/w3`, { token, body: change })).body).toEqual(window);
    expect(served.asked.at(-1)).toEqual({ kind: "change_window", environment_id, window: "w3", ...change });
    expect((await served.api("DELETE", `${at}/w3`, { token })).status).toBe(200);
    expect(served.asked.at(-1)).toEqual({ kind: "close_window", environment_id, window: "w3" });
  });

  it.each([
    [{ name: "" }, "name"],
    [{ name: "  \u200b" }, "name"],
    [{ name: "two\nlines" }, "name"],
    [{ name: "\u001b[2J" }, "name"],
    [{ name: "turned\u202eround" }, "name"],
    [{ name: "x".repeat(65) }, "name"],
    [{ name: 7 }, "name"],
    [{ cwd: "a\u0000b" }, "cwd"],
    [{ cwd: "x".repeat(1_025) }, "cwd"],
    [{ is_active: "yes" }, "is_active"],
  ])("are not opened with %j", async (body, field) => {
    const { token, at } = await newEnvironment();
    const before = served.asked.length;
    const refused = await served.api<Problem>("POST", at, { token, body });
    expect([refused.status, refused.body.errors?.map((each) => each.field)]).toEqual([400, [field]]);
    expect(served.asked).toHaveLength(before);
  });

  it.each([{ position: -1 }, { position: 1.5 }, { position: "0" }, { is_active: false }, { name: "\t" }])(
    "are not changed by %j",
    async (body) => {
      const { token, at } = await newEnvironment();
      expect((await served.api("PATCH", `${at}/w3`, { token, body })).status).toBe(400);
    },
  );

  it.each([
    ["window_not_found", 404, "not_found"],
    ["last_window", 409, "last_window"],
    ["too_many_windows", 403, "limit_reached"],
    ["bad_directory", 400, "invalid_input"],
    ["not_running", 503, "bridge_unavailable"],
    ["not_found", 503, "bridge_unavailable"],
    ["unavailable", 503, "bridge_unavailable"],
  ] as const)("answer %s as %d %s", async (code, status, told) => {
    const { token, at } = await newEnvironment();
    const requests = [failing(code)<Problem>("GET", at, { token })];
    for (const [method, path] of [["POST", at] as const, ["PATCH", `${at}/w3`] as const])
      requests.push(failing(code)<Problem>(method, path, { token, body: {} }));
    requests.push(failing(code)<Problem>("DELETE", `${at}/w3`, { token }));
    for (const { status: seen, body, headers } of await Promise.all(requests)) {
      expect([seen, body.code]).toEqual([status, told]);
      expect(headers.has("retry-after")).toBe(status === 503);
      expect(JSON.stringify(body)).not.toContain("for the log");
    }
  });

  it.each(["main", "@3", "w03", "w3;", "%77%33%20", "#{pid}"])("know no window %j", async (id) => {
    const { token, at } = await newEnvironment();
    const before = served.asked.length;
    const path = `${at}/${encodeURIComponent(id)}`;
    expect((await served.api("PATCH", path, { token, body: {} })).status).toBe(404);
    expect((await served.api("DELETE", path, { token })).status).toBe(404);
    expect(served.asked).toHaveLength(before);
  });

  it("are opened once under one Idempotency-Key", async () => {
    const { token, at } = await newEnvironment();
    const before = served.asked.length;
    const asked = { token, body: { name: "once" }, headers: { "idempotency-key": uniqueWord() } };
    const [first, second] = [await served.api("POST", at, asked), await served.api("POST", at, asked)];
    expect([first.status, second.status, second.body]).toEqual([201, 201, first.body]);
    expect(served.asked).toHaveLength(before + 1);
  });
});

describe("windows", () => {
  it("of an environment that does not run are 409 with what may be done", async () => {
    const { token, at } = await newEnvironment("stopped");
    const refused = await served.api<Problem>("POST", at, { token, body: {} });
    expect([refused.status, refused.body.code]).toEqual([409, "invalid_state"]);
    expect(refused.body.allowed).toContain("start");
  });

  it("are 503 where no bridge is linked", async () => {
    const { token, at } = await newEnvironment();
    const refused = await plainApi<Problem>("GET", at, { token });
    expect([refused.status, refused.body.code]).toEqual([503, "bridge_unavailable"]);
  });

  it("are their owner's alone, and a personal token's with the scope terminal", async () => {
    const { token, at } = await newEnvironment();
    const stranger = await newPerson();
    expect((await served.api("GET", at, { token: stranger.token })).status).toBe(404);
    const tokenOf = async (scope: string) => {
      const json = { name: uniqueWord(), scopes: [scope] };
      return String((await call("POST /api/v1/auth/tokens", { token, json })).body["token"]);
    };
    expect((await served.api("GET", at, { token: await tokenOf("terminal") })).status).toBe(200);
    expect((await served.api("GET", at, { token: await tokenOf("environments:write") })).status).toBe(403);
  });
});
