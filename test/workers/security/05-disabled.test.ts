/** Check 5, disabling: it reaches the sockets that are open, and those that were about to open. */
import { env, exports } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { closes, mayRetry } from "../../../durable-objects/protocol/closes.ts";
import { Peer, ViewerPeer } from "../../durable-objects/peers.ts";
import { newAdmin } from "../administration/support.ts";
import { newWorld, setPhase } from "../environments/world.ts";
import { call, newPerson, origin } from "../support/api.ts";

it("closes a disabled person's sockets for good, lets no new one in, and lets them back when enabled", async () => {
  const { accessToken: token } = await newAdmin();
  const { person, create } = await newWorld();
  const { id } = (await create()).body;
  await setPhase(id, "running", "running");
  const dial = (kind: string) => {
    const headers = { upgrade: "websocket", authorization: `Bearer ${person.token}` };
    return exports.default.fetch(new Request(`${origin}/api/v1/ws/${kind}/${id}`, { headers }));
  };
  const live = [new ViewerPeer(await dial("terminal")), new ViewerPeer(await dial("logs"))];
  await Promise.all(live.map((peer) => peer.has({ type: "welcome" })));
  const disable = (isActive: boolean) =>
    call(`PATCH /api/v1/users/${person.id}`, { token, json: { is_active: isActive } });
  expect((await disable(false)).status).toBe(200);
  for (const peer of live) {
    const { code, reason } = await peer.isClosed();
    expect(reason).toBe(closes.sessionEnded.reason);
    expect(mayRetry(code)).toBe(false);
  }
  expect((await new Peer(await dial("terminal")).isClosed()).reason).toBe(closes.unauthenticated.reason);
  await vi.waitFor(async () => expect(await env.USERS.getByName(person.id).openSockets()).toEqual([]), 10_000);
  await disable(true);
  await new ViewerPeer(await dial("terminal")).has({ type: "welcome" });
});

it("kills access, refresh and personal tokens while it lasts, and none of them for good", async () => {
  const { accessToken: token } = await newAdmin();
  const person = await newPerson();
  const made = { name: "script", scopes: ["account:read"] };
  const { body } = await call("POST /api/v1/auth/tokens", { token: person.accessToken, json: made });
  const personalToken = String(body["token"]);
  const setActive = (isActive: boolean) =>
    call(`PATCH /api/v1/users/${person.userId}`, { token, json: { is_active: isActive } });
  const refresh = () => call("POST /api/v1/auth/refresh", { json: { refresh_token: person.refreshToken } });
  const me = async (shown: string) => (await call("GET /api/v1/auth/me", { token: shown })).status;
  expect(await me(personalToken)).toBe(200);
  await setActive(false);
  expect([await me(person.accessToken), await me(personalToken), (await refresh()).status]).toEqual([401, 401, 401]);
  await setActive(true);
  expect([await me(person.accessToken), await me(personalToken), (await refresh()).status]).toEqual([200, 200, 200]);
});
