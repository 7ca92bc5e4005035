/** The control links of a cluster as its object holds them: sockets with what is kept beside each. */
import type { BridgeMessage, ClusterMessage } from "../protocol/bridge-link.ts";
import { bridgeTicketSchema, decodeTicket, type LinkState } from "../protocol/objects.ts";
import { timing } from "../protocol/timing.ts";
import { isOpen, lastPingAt } from "../sockets.ts";

/** What is kept beside a link's socket. */
export interface LinkKeepsake {
  id: string;
  tokenId: string;
  clusterId: string;
  requestId: string;
  /** Null until it has said hello. */
  state: LinkState | null;
}

export interface Link extends LinkKeepsake {
  socket: WebSocket;
}

/** A link that has said hello. */
export interface ReadyLink extends Link {
  state: LinkState;
}

/** What a bridge says of itself is kept beside its socket, where there is little room. */
const maxWord = 64;
export const maxTrouble = 200;

/** What is kept of a link whose ticket this is. */
export function newKeepsake(ticketText: string | null): LinkKeepsake {
  const { bridgeTokenId: tokenId, clusterId, requestId } = decodeTicket(ticketText, bridgeTicketSchema);
  return { id: crypto.randomUUID(), tokenId, clusterId, requestId, state: null };
}

export function linkOf(socket: WebSocket): Link {
  return { ...(socket.deserializeAttachment() as LinkKeepsake), socket };
}

/** The open links, whether or not they have said hello. */
export function openLinks(ctx: DurableObjectState): Link[] {
  return ctx.getWebSockets().filter(isOpen).map(linkOf);
}

export function isReady(link: Link): link is ReadyLink {
  return link.state !== null;
}

/** Keeps what the link has said of itself. */
export function keepState(link: Link, state: LinkState): ReadyLink {
  const { id, tokenId, clusterId, requestId } = link;
  link.socket.serializeAttachment({ id, tokenId, clusterId, requestId, state } satisfies LinkKeepsake);
  return { ...link, state };
}

/** Keeps what it says keeps it from its work. */
export function keepTrouble(link: ReadyLink, message: string | null): void {
  keepState(link, { ...link.state, trouble: message?.slice(0, maxTrouble) ?? null });
}

export function stateFrom(hello: Extract<BridgeMessage, { type: "hello" }>, now: number): LinkState {
  return {
    bridgeId: hello.bridge_id,
    version: hello.version.slice(0, maxWord),
    runtime: hello.runtime.slice(0, maxWord),
    sinceMs: now,
    shares: hello.shares ?? false,
    instance: hello.instance ?? null,
    isDraining: false,
    trouble: null,
  };
}

export function send(link: Link, message: ClusterMessage): void {
  link.socket.send(JSON.stringify(message));
}

/** Whether a process that has come later in the same place proves that this one has ended. */
export function isForerunner(one: ReadyLink, other: ReadyLink): boolean {
  return one.state.instance !== null && one.state.instance === other.state.instance;
}

/** When it gave its last sign: a ping that the platform answered, or its hello. */
export function heardAt(ctx: DurableObjectState, { socket, state }: ReadyLink): number {
  return Math.max(state.sinceMs, lastPingAt(ctx, socket) ?? 0);
}

/** Who shares pings often and is missed early; others count once they have pinged. */
export function isSilent(ctx: DurableObjectState, link: ReadyLink, now: number): boolean {
  if (link.state.shares) return now - heardAt(ctx, link) > timing.linkSilentAfterMs;
  const pingedAt = lastPingAt(ctx, link.socket);
  return pingedAt !== null && now - pingedAt > timing.bridgeSilentAfterMs;
}
