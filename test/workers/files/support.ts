/** Files over REST as a person and a bridge see them: real requests, a real control link, real transfers. */
import { exports } from "cloudflare:workers";
import { vi } from "vitest";
import { bridgeIdHeader, bridgeProtocol, type ClusterMessage } from "../../../durable-objects/protocol/bridge-link.ts";
import type { FileFacts } from "../../../durable-objects/protocol/files.ts";
import {
  encodeHead,
  type TransferHead,
  transferHeadHeader,
  transferPartHeader,
} from "../../../durable-objects/protocol/transfers.ts";
import { fresh, LinkPeer } from "../../durable-objects/peers.ts";
import { newAddress } from "../support/api.ts";
import { bearer, dial, host, offering, running } from "../support/sockets.ts";

export type Transfer = Extract<ClusterMessage, { type: "transfer" }>;

export const facts: FileFacts = {
  name: "today.md",
  is_readable_name: true,
  kind: "file",
  size: 11,
  modified_at: "2026-10-20T12:00:00.000Z",
  is_executable: false,
  target: null,
  etag: "1a-2b",
};

/** A request as any HTTP client makes it, answered with a body that still flows. */
export function send(method: string, path: string, token: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${token}`);
  headers.set("cf-connecting-ip", newAddress());
  return exports.default.fetch(new Request(`${host}${path}`, { ...init, method, headers }));
}

/** A bridge of this token that said hello: what it is told, and its side of transfers. */
export async function bridgeOf(token: string) {
  const response = await dial("/api/v1/bridge/link", {
    ...bearer(token),
    ...offering(bridgeProtocol),
    [bridgeIdHeader]: "bridge-of-test",
  });
  const link = new LinkPeer(response);
  link.say({ type: "hello", bridge_id: fresh("bridge-"), version: "1", runtime: "local" });
  await link.has({ type: "want" });
  let seen = 0;
  const ids = () => link.received.filter((message) => message.type === "transfer");
  return {
    link,
    /** The next transfer it is told of. */
    async told(): Promise<Transfer> {
      const transfer = await vi.waitUntil(() => ids()[seen], 15_000);
      seen += 1;
      return transfer;
    },
    take: (id: string) => send("GET", `/api/v1/bridge/transfers/${id}`, token),
    bring: (id: string, part: number | "end", head: TransferHead | null, body?: BodyInit) =>
      send("POST", `/api/v1/bridge/transfers/${id}`, token, {
        headers: {
          [transferPartHeader]: String(part),
          ...(head === null ? {} : { [transferHeadHeader]: encodeHead(head) }),
        },
        ...(body === undefined ? {} : { body }),
      }),
  };
}

export type TestBridge = Awaited<ReturnType<typeof bridgeOf>>;

/** A person whose environment runs at a cluster with a bridge. */
export async function withFiles() {
  const world = await running();
  const bridge = await bridgeOf(world.cluster.token);
  const { token } = world.person;
  const at = `/api/v1/environments/${world.id}/files`;
  return {
    ...world,
    token,
    at,
    bridge,
    ask: (method: string, path: string, init?: RequestInit) => send(method, at + path, token, init),
  };
}

/** Bytes that come one chunk at a time. */
export function streamOf(...chunks: string[]): ReadableStream<Uint8Array> {
  const left = chunks.map((chunk) => new TextEncoder().encode(chunk));
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const next = left.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(next);
    },
  });
}
