/** Disabling reaches the sockets that are open, and those that were about to open. */
import { env, exports } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { closes, mayRetry } from "../../../durable-objects/protocol/closes.ts";
import { Peer, ViewerPeer } from "../../durable-objects/peers.ts";
import { newWorld, setPhase } from "../environments/world.ts";
import { call, origin } from "../support/api.ts";
import { newAdmin } from "./support.ts";

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
  await vi.waitFor(async () => expect(await env.USERS.getByName(person.id).openSockets()).toEqual([]));
  await disable(true);
  await new ViewerPeer(await dial("terminal")).has({ type: "welcome" });
});
