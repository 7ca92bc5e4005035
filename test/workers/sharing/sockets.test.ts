/** What a guest's sockets may do, and that they are gone when their share is, under a flood too. */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { describe, expect, it, vi } from "vitest";
import { closes } from "../../../durable-objects/protocol/closes.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { terminalId } from "../../../durable-objects/protocol/vocabulary.ts";
import { link, serve, ViewerPeer } from "../../durable-objects/peers.ts";
import { newAdmin } from "../administration/support.ts";
import { api, db, runCron } from "../environments/world.ts";
import { call } from "../support/api.ts";
import { newDeps } from "../support/deps.ts";
import { bearer, closeOf, dial, logsPath, offering, open, refusal, terminalPath } from "../support/sockets.ts";
import { accept, hosting, newNamed, offersOf } from "./support.ts";

/** The same over a socket of version 2, with its hello said. */
async function open2(id: string, token: string): Promise<ViewerPeer> {
  const viewer = new ViewerPeer(await dial(`${terminalPath(id)}?v=2`, bearer(token)));
  viewer.hello();
  await viewer.has({ type: "welcome" });
  return viewer;
}

describe("a guest's socket", () => {
  it("opens by token and by ticket, to terminal and logs, and counts among the guest's own", async () => {
    const { id, owner, guest } = await hosting();
    const { token, id: guestId } = await guest("viewer");
    await open(terminalPath(id), bearer(token));
    await open(logsPath(id), bearer(token));
    const ticket = await api<{ ticket: string }>("POST", "/api/v1/ws/tickets", {
      token,
      body: { environment_id: id, kind: "terminal" },
    });
    await open(terminalPath(id), offering("devpocket.v1", ticket.body.ticket));
    const { objects } = newDeps();
    expect(await objects.user(guestId).openSockets()).toHaveLength(3);
    expect(await objects.user(owner.id).openSockets()).toHaveLength(0);
    for (let n = 3; n < limits.maxSocketsPerUser; n += 1) await open(terminalPath(id), bearer(token));
    expect(await refusal(await dial(terminalPath(id), bearer(token)))).toBe("tooManySockets");
    await open(terminalPath(id), bearer(owner.token));
  });

  it("types as a driver and is refused as a viewer; both are seen by the owner, by name", async () => {
    const { id, owner, guest } = await hosting();
    const [watcher, driver] = [await guest("viewer"), await guest("driver")];
    const own = await open2(id, owner.token);
    const [watching, driving] = [await open2(id, watcher.token), await open2(id, driver.token)];
    watching.say({ type: "input", data: "x", i: 1 });
    await watching.has({ type: "error", code: "read_only", i: 1 });
    driving.say({ type: "control", action: "take" });
    await own.has({ type: "control", holder: expect.objectContaining({ name: driver.username }) });
    own.say({ type: "input", data: "x", i: 1 });
    await own.has({ type: "error", code: "not_in_control", i: 1 });
    await vi.waitFor(() => {
      const told = own.received.findLast((message) => (message.type as string) === "participants");
      expect(told).toMatchObject({
        total: 3,
        list: [
          { id: owner.id, role: "owner", has_control: false },
          { name: watcher.username, role: "viewer", has_control: false },
          { name: driver.username, role: "driver", has_control: true },
        ],
      });
    }, 10_000);
  });

  it("is closed for good when the share is revoked, at every terminal, and nobody else's is", async () => {
    const { id, owner, guest, revoke } = await hosting();
    const [gone, stays] = [await guest("driver"), await guest("viewer")];
    const sockets = [await open(terminalPath(id), bearer(gone.token)), await open(logsPath(id), bearer(gone.token))];
    const others = [
      await open(terminalPath(id), bearer(stays.token)),
      await open(terminalPath(id), bearer(owner.token)),
    ];
    await revoke(gone.shareId);
    for (const socket of sockets) expect(await closeOf(socket)).toBe("accessEnded");
    expect(await refusal(await dial(terminalPath(id), bearer(gone.token)))).toBe("accessEnded");
    expect(others.map(({ closed }) => closed)).toEqual([null, null]);
  });

  it("is closed for good when its owner removes one guest of a link, who cannot come back by it; others stay", async () => {
    const { id, at, owner, share, list } = await hosting();
    const link = await share({ kind: "link" });
    const [gone, stays] = [await newNamed(), await newNamed()];
    for (const person of [gone, stays]) expect((await accept(person, link.secret)).status).toBe(200);
    const [socket, other] = [
      await open(terminalPath(id), bearer(gone.token)),
      await open(terminalPath(id), bearer(stays.token)),
    ];
    const remove = (by: { token: string }, userId: string) =>
      api("DELETE", `${at}/shares/${link.id}/guests/${userId}`, { token: by.token });
    expect([(await remove(stays, gone.id)).status, (await remove(owner, owner.id)).status]).toEqual([404, 404]);
    expect((await remove(owner, gone.id)).status).toBe(200);
    expect(await closeOf(socket)).toBe("accessEnded");
    expect(await refusal(await dial(terminalPath(id), bearer(gone.token)))).toBe("accessEnded");
    expect((await accept(gone, link.secret)).body).toMatchObject({ code: "invalid_code" });
    expect((await list()).map(({ guests }) => guests.map((each) => each.id))).toEqual([[stays.id]]);
    expect([other.closed, (await accept(await newNamed(), link.secret)).status]).toEqual([null, 200]);
    expect((await remove(owner, gone.id)).status).toBe(404);
  });

  it("that comes after a deletion is told of it, as its owner's is, and a stranger's finds nothing", async () => {
    const { id, at, owner, guest } = await hosting();
    const [person, stranger] = [await guest("viewer"), await newNamed()];
    expect((await api("DELETE", `${at}?force=true`, { token: owner.token })).status).toBe(200);
    await db.execute(sql`update environments set deleted_at = now() where id = ${id} and deleted_at is null`);
    const closes = [owner, person, stranger].map(async ({ token }) =>
      refusal(await dial(terminalPath(id), bearer(token))),
    );
    expect(await Promise.all(closes)).toEqual(["environmentDeleted", "environmentDeleted", "environmentNotFound"]);
  });

  it("is closed to dial again when its role changes, and then has the new one", async () => {
    const { id, at, owner, guest } = await hosting();
    const person = await guest("viewer");
    const socket = await open2(id, person.token);
    await api("PATCH", `${at}/shares/${person.shareId}`, { token: owner.token, body: { role: "driver" } });
    expect(await closeOf(socket)).toBe("accessChanged");
    const again = await open2(id, person.token);
    again.say({ type: "control", action: "take" });
    again.say({ type: "input", data: "x", i: 1 });
    again.say({ type: "ack", seq: 5 });
    await again.has({ type: "error", code: "bad_ack" });
    expect(again.received.map((message) => (message.type === "error" ? message.code : ""))).not.toContain("read_only");
  });

  it("is closed to dial again when a weaker share is left, and for good when its guest leaves or is disabled", async () => {
    const { id, share, revoke, guest } = await hosting();
    const person = await guest("driver");
    const watch = await share({ kind: "link" });
    await api("POST", "/api/v1/shares/accept", { token: person.token, body: { secret: watch.secret } });
    const first = await open(terminalPath(id), bearer(person.token));
    await revoke(person.shareId);
    expect(await closeOf(first)).toBe("accessChanged");
    const second = await open(terminalPath(id), bearer(person.token));
    await api("DELETE", `/api/v1/shares/${watch.id}`, { token: person.token });
    expect(await closeOf(second)).toBe("accessEnded");
  });

  it("that was let in on its way to an end is refused by that end", async () => {
    const { id, guest, revoke } = await hosting();
    const { token, shareId, id: guestId } = await guest("driver");
    const checkedAtMs = Date.now();
    await revoke(shareId);
    const entry = {
      socketId: "soc_late",
      sessionId: "ses",
      terminal: terminalId(id, "main"),
      kind: "terminal",
      checkedAtMs,
    } as const;
    const admission = await newDeps().objects.user(guestId).admit(entry, limits.maxSocketsPerUser);
    expect(admission).toEqual({ kind: "refused", close: "accessEnded" });
    expect(await refusal(await dial(terminalPath(id), bearer(token)))).toBe("accessEnded");
  });

  it("of a share that has expired is closed by the sweep, with nobody at the terminal doing anything", async () => {
    const { id, guest } = await hosting();
    const { token, shareId } = await guest("viewer");
    const socket = await open(terminalPath(id), bearer(token));
    await db.execute(sql`update shares set expires_at = now() where id = ${shareId}`);
    await runCron();
    expect(await closeOf(socket)).toBe("accessEnded");
    const { rows } = await db.execute(sql`select closed_at is not null as closed from shares where id = ${shareId}`);
    expect(rows).toEqual([{ closed: true }]);
  });
});

describe("the guests of a disabled owner", () => {
  it("are out at every terminal, find nothing, and are back when the account is enabled", async () => {
    const { id, owner, at, share, guest } = await hosting();
    const [driver, late] = [await guest("driver"), await newNamed()];
    const offered = await share({ kind: "user", username: late.username });
    const link = await share({ kind: "link" });
    const sockets = [await open2(id, driver.token), await open(logsPath(id), bearer(driver.token))];
    const { accessToken: token } = await newAdmin();
    const setActive = async (isActive: boolean) =>
      expect((await call(`PATCH /api/v1/users/${owner.id}`, { token, json: { is_active: isActive } })).status).toBe(
        200,
      );
    await setActive(false);
    for (const socket of sockets) expect(await closeOf(socket)).toBe("accessEnded");
    expect(await refusal(await dial(terminalPath(id), bearer(driver.token)))).toBe("accessEnded");
    expect((await api("GET", at, { token: driver.token })).status).toBe(404);
    expect([await offersOf(driver), await offersOf(late)]).toEqual([[], []]);
    expect((await api("POST", `/api/v1/shares/${offered.id}/accept`, { token: late.token })).status).toBe(404);
    expect((await accept(late, link.secret)).body).toMatchObject({ code: "invalid_code" });
    await setActive(true);
    expect((await api<{ role: string }>("GET", at, { token: driver.token })).body.role).toBe("driver");
    await open2(id, driver.token);
    expect(await offersOf(late)).toHaveLength(1);
  });
});

describe("people at a terminal whose memory was taken", () => {
  it("hear that somebody left, whose control is kept for their return", async () => {
    const { id, owner, guest } = await hosting();
    const driver = await guest("driver");
    const [own, driving] = [await open2(id, owner.token), await open2(id, driver.token)];
    driving.say({ type: "control", action: "take" });
    const told = () => own.received.findLast((message) => (message.type as string) === "participants");
    await vi.waitFor(() => expect(told()).toMatchObject({ total: 2, list: [{}, { has_control: true }] }), 10_000);
    await evictDurableObject(env.TERMINALS.getByName(terminalId(id, "main")));
    driving.socket.close(closes.finished.code);
    await vi.waitFor(
      () => expect(told()).toMatchObject({ total: 1, list: [{ id: owner.id, has_control: false }] }),
      15_000,
    );
  });
});

describe("a flood", () => {
  it.each([1, 2] as const)("does not keep a revoked guest in (version %s)", async (version) => {
    const {
      id,
      cluster: { id: cluster },
      guest,
      revoke,
      owner,
    } = await hosting();
    const person = await guest("driver");
    const terminal = terminalId(id, "main");
    const own = await open(terminalPath(id), bearer(owner.token));
    const bridge = await link(cluster);
    const socket = version === 2 ? await open2(id, person.token) : await open(terminalPath(id), bearer(person.token));
    const data = await serve(cluster, await bridge.assignment(terminal), "tok", 2);
    data.hello({ epoch: "e", seq: 0 });
    if (version === 2) {
      await data.has({ type: "enter", entry: 1 });
      data.entered(1, 0);
    } else data.snapshot(0, "$ ");
    const flooding = { isOver: false, seq: 0, frames: 0 };
    const text = "x".repeat(limits.maxOutputFrameBytes);
    const flood = async () => {
      while (!flooding.isOver) {
        data.output(flooding.seq, text);
        if (socket.closed === null)
          socket.say({ type: "input", data: "x", ...(version === 2 ? { i: flooding.frames + 1 } : {}) });
        flooding.seq += text.length;
        flooding.frames += 1;
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    };
    const running = flood();
    await vi.waitFor(() => expect(flooding.frames).toBeGreaterThan(50), 15_000);
    await revoke(person.shareId);
    expect(await closeOf(socket)).toBe("accessEnded");
    expect(await newDeps().objects.user(person.id).openSockets()).toEqual([]);
    flooding.isOver = true;
    await running;
    expect(own.closed).toBeNull();
  });
});
