/** Sockets as clients open them: real upgrades into workerd, and why one was refused. */
import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import type { ServerMessage } from "../../../durable-objects/protocol/client.ts";
import { type CloseName, closes } from "../../../durable-objects/protocol/closes.ts";
import { Peer, ViewerPeer } from "../../durable-objects/peers.ts";
import { newWorld, setPhase } from "../environments/world.ts";

export const host = "https://devpocket.test";

export function dial(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch(new Request(`${host}${path}`, { headers: { upgrade: "websocket", ...headers } }));
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
export const offering = (...protocols: string[]) => ({ "sec-websocket-protocol": protocols.join(", ") });
export const terminalPath = (id: string) => `/api/v1/ws/terminal/${id}`;
export const logsPath = (id: string) => `/api/v1/ws/logs/${id}`;

/** The close that a refused upgrade ends with. */
export async function refusal(response: Response): Promise<CloseName | undefined> {
  expect(response.status).toBe(101);
  return closeOf(new Peer<ServerMessage>(response));
}

/** The name of the close that ends this socket. */
export async function closeOf(peer: Peer<unknown>): Promise<CloseName | undefined> {
  const { code, reason } = await peer.isClosed();
  const names = Object.keys(closes) as CloseName[];
  return names.find((name) => closes[name].code === code && closes[name].reason === reason);
}

/** A socket that was let in. */
export async function open(path: string, headers: Record<string, string> = {}): Promise<ViewerPeer> {
  const viewer = new ViewerPeer(await dial(path, headers));
  await viewer.has({ type: "welcome" });
  return viewer;
}

/** A person with a running environment. */
export async function running() {
  const world = await newWorld();
  const { body } = await world.create();
  await setPhase(body.id, "running", "running");
  return { ...world, id: body.id, name: body.name };
}
