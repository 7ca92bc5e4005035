import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import {
  assignmentHeader,
  assignmentSecretHeader,
  bridgeIdHeader,
  bridgeProtocol,
} from "../../durable-objects/protocol/bridge-link.ts";
import { closes } from "../../durable-objects/protocol/closes.ts";
import { ticketHeader } from "../../durable-objects/protocol/tickets.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { DataPeer, fresh, LinkPeer, ViewerPeer } from "../durable-objects/peers.ts";
import { api, newPerson, newWorld, setPhase } from "./environments/world.ts";
import { bearer, dial, host, refusal, running, terminalPath } from "./support/sockets.ts";

const dialBridge = (token: string, path: string, headers: Record<string, string> = {}) =>
  dial(`/api/v1/bridge/${path}`, {
    ...bearer(token),
    "sec-websocket-protocol": bridgeProtocol,
    [bridgeIdHeader]: "bridge-of-test",
    ...headers,
  });

describe("a client's socket", () => {
  it("is a shell: the bridge is asked for it, dials, and keys and bytes flow", async () => {
    const { person, cluster, id, name } = await running();
    const control = new LinkPeer(await dialBridge(cluster.token, "link"));
    control.say({ type: "hello", bridge_id: fresh("bridge-"), version: "1", runtime: "local" });
    const viewer = new ViewerPeer(await dial(`${terminalPath(id)}?token=${person.token}`));
    await viewer.has({ type: "welcome", message: `Connected to ${name}` });
    const { assignment, secret, terminal } = await control.assignment(`${id}/main`);
    const headers = { [assignmentHeader]: String(assignment), [assignmentSecretHeader]: secret };
    const answer = await dialBridge(cluster.token, `terminals/${encodeURIComponent(terminal)}`, headers);
    expect(answer.headers.get("sec-websocket-protocol")).toBe(bridgeProtocol);
    const data = new DataPeer(answer);
    data.hello({ epoch: "e", seq: 0 });
    await data.has({ type: "snapshot" });
    data.snapshot(0, "$ ");
    await viewer.shows("$ ");
    viewer.say({ type: "input", data: "ls\r" });
    await data.has({ type: "input", data: "ls\r" });
    expect(viewer.received.map((message) => message.type)).toEqual(["output", "welcome", "output"]);
  });

  it("says of logs that there is no terminal behind it", async () => {
    const { person, id } = await running();
    const logs = new ViewerPeer(await dial(`/api/v1/ws/logs/${id}`, bearer(person.token)));
    await logs.has({ type: "welcome", environment: expect.objectContaining({ id, pty_enabled: false }) });
  });

  it("is accepted for a stopped environment, which it does not start", async () => {
    const { person, id } = await running();
    await setPhase(id, "stopped", "stopped");
    const viewer = new ViewerPeer(await dial(terminalPath(id), bearer(person.token)));
    await viewer.has({ type: "status_update", status: "stopped", phase: "stopped" });
    expect((await api("GET", `/api/v1/environments/${id}`, { token: person.token })).body.status).toBe("stopped");
  });

  it("is refused by accept and close, whatever the reason", async () => {
    const { person, id } = await running();
    const stranger = await newPerson();
    const missing = terminalPath("env_00000000000000000000");
    expect(await refusal(await dial(terminalPath(id)))).toBe("unauthenticated");
    expect(await refusal(await dial(`${terminalPath(id)}?token=junk`))).toBe("unauthenticated");
    expect(await refusal(await dial(terminalPath(id), bearer(stranger.token)))).toBe("environmentNotFound");
    expect(await refusal(await dial(missing, bearer(person.token)))).toBe("environmentNotFound");
    expect(await refusal(await dial("/api/v1/ws/nothing/at/all", bearer(person.token)))).toBe("unknownPath");
    expect(await refusal(await dial("/ws/terminal", bearer(person.token)))).toBe("unknownPath");
  });

  it.each([
    [host, true],
    ["https://evil.example", false],
    ["null", false],
  ])("from a page of origin %s is let in: %s", async (origin, isLetIn) => {
    const { person, id } = await running();
    const answer = await dial(terminalPath(id), { ...bearer(person.token), origin });
    if (!isLetIn) expect(await refusal(answer)).toBe("originNotAllowed");
    else await new ViewerPeer(answer).has({ type: "welcome" });
  });

  it("prefers the header's token over the query's, and ignores a ticket that a client made up", async () => {
    const { person, id } = await running();
    const forged = { [ticketHeader]: encodeURIComponent('{"userId":"usr_evil"}') };
    const answer = await dial(`${terminalPath(id)}?token=junk`, { ...bearer(person.token), ...forged });
    await new ViewerPeer(answer).has({ type: "welcome" });
  });

  it("chooses the version that a client offers first", async () => {
    const { person, id } = await running();
    const answer = await dial(terminalPath(id), {
      ...bearer(person.token),
      "sec-websocket-protocol": "devpocket.v1, x",
    });
    expect(answer.headers.get("sec-websocket-protocol")).toBe("devpocket.v1");
  });

  it.each([
    ["the protocol devpocket.v2", "", "devpocket.v2"],
    ["the query v=2", "?v=2", undefined],
    ["the protocol, whatever the query says", "?v=1", "devpocket.v2"],
  ])("is of version 2 by %s, and is sent nothing before its hello", async (_name, query, protocol) => {
    const { person, id } = await running();
    const offered = protocol === undefined ? {} : { "sec-websocket-protocol": protocol };
    const answer = await dial(`${terminalPath(id)}${query}`, { ...bearer(person.token), ...offered });
    expect(answer.headers.get("sec-websocket-protocol")).toBe(protocol ?? null);
    const viewer = new ViewerPeer(answer);
    viewer.say({ type: "ping", not: "the exact text" });
    await viewer.has({ type: "pong" });
    viewer.hello();
    await viewer.has({ type: "welcome" });
    expect(viewer.received.map((message) => message.type).slice(0, 2)).toEqual(["pong", "welcome"]);
  });

  it.each([
    ["nothing", "", undefined],
    ["devpocket.v1, whatever the query says", "?v=2", "devpocket.v1"],
    ["a protocol of another world", "", "graphql"],
    ["a version that is none", "?v=3", undefined],
  ])("is of version 1 by %s", async (_name, query, protocol) => {
    const { person, id } = await running();
    const offered = protocol === undefined ? {} : { "sec-websocket-protocol": protocol };
    const viewer = new ViewerPeer(await dial(`${terminalPath(id)}${query}`, { ...bearer(person.token), ...offered }));
    await viewer.has({ type: "welcome" });
    expect(viewer.received[0]).toEqual({ type: "output", data: "\u001b[0m" });
  });

  it("is the tenth at most, and closes when its session ends", async () => {
    const { person, id } = await running();
    const open = await Promise.all(
      Array.from({ length: limits.maxSocketsPerUser }, () => dial(terminalPath(id), bearer(person.token))),
    );
    const peers = open.map((answer) => new ViewerPeer(answer));
    await Promise.all(peers.map((peer) => peer.has({ type: "welcome" })));
    expect(await refusal(await dial(terminalPath(id), bearer(person.token)))).toBe("tooManySockets");
    await api("POST", "/api/v1/auth/logout", { token: person.token });
    for (const peer of peers) expect((await peer.isClosed()).reason).toBe(closes.sessionEnded.reason);
    expect(await refusal(await dial(terminalPath(id), bearer(person.token)))).toBe("unauthenticated");
    await vi.waitFor(async () => expect(await env.USERS.getByName(person.id).openSockets()).toEqual([]), 10_000);
  });

  it.each(["", "&v=2"])("watches one window where it names one (%j)", async (version) => {
    const { person, cluster, id } = await running();
    const control = new LinkPeer(await dialBridge(cluster.token, "link"));
    control.say({ type: "hello", bridge_id: fresh("bridge-"), version: "1", runtime: "local" });
    const viewer = new ViewerPeer(await dial(`${terminalPath(id)}?window=w3${version}`, bearer(person.token)));
    if (version !== "") viewer.hello();
    await viewer.has({ type: "welcome" });
    await control.assignment(`${id}/w3`);
    expect(control.wants.map(({ terminal }) => terminal)).toEqual([`${id}/w3`]);
  });

  it.each(["", "logs", "W1", "w01", "@1", "w1/../main", "#{pid}", "w9999999999"])(
    "knows no window %j",
    async (window) => {
      const { person, id } = await running();
      const stranger = await newPerson();
      const path = `${terminalPath(id)}?window=${encodeURIComponent(window)}`;
      expect(await refusal(await dial(path, bearer(person.token)))).toBe("windowGone");
      expect(await refusal(await dial(path, bearer(stranger.token)))).toBe("environmentNotFound");
      expect(await refusal(await dial(path))).toBe("unauthenticated");
    },
  );

  it("is a 426 problem when asked for without an upgrade", async () => {
    const { status, headers, body } = await api<{ code: string }>("GET", terminalPath("env_00000000000000000000"));
    expect([status, headers.get("upgrade"), body.code]).toEqual([426, "websocket", "upgrade_required"]);
  });
});

describe("a bridge's socket", () => {
  it("is refused without a token, with a user's token, and in a version we do not serve", async () => {
    const { person, cluster } = await newWorld();
    expect(await refusal(await dialBridge(person.token, "link"))).toBe("unauthenticated");
    expect(await refusal(await dialBridge(`dp_bridge_${"x".repeat(43)}`, "link"))).toBe("unauthenticated");
    const old = { "sec-websocket-protocol": "devpocket-bridge.0" };
    expect(await refusal(await dialBridge(cluster.token, "link", old))).toBe("bridgeTooOld");
  });

  it("does not open another cluster's terminal", async () => {
    const { person, cluster, id } = await running();
    const { cluster: other } = await newWorld();
    const control = new LinkPeer(await dialBridge(cluster.token, "link"));
    control.say({ type: "hello", bridge_id: fresh("bridge-"), version: "1", runtime: "local" });
    await new ViewerPeer(await dial(terminalPath(id), bearer(person.token))).has({ type: "welcome" });
    const { assignment, secret } = await control.assignment(`${id}/main`);
    const headers = { [assignmentHeader]: String(assignment), [assignmentSecretHeader]: secret };
    const path = `terminals/${encodeURIComponent(`${id}/main`)}`;
    expect(await refusal(await dialBridge(other.token, path, headers))).toBe("unwanted");
    expect(await refusal(await dialBridge(cluster.token, path, { ...headers, [assignmentHeader]: "x" }))).toBe(
      "unknownPath",
    );
  });
});
