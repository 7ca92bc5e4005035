/**
 * One control link: its socket with what is kept beside it, which is all that is known of it and of its bridge after the
 * memory was taken. A `Link` is read anew for every event and is as old as that.
 */
import type { BridgeMessage, ClusterMessage } from "../protocol/bridge-link.ts";
import type { LinkState } from "../protocol/objects.ts";
import { bridgeTicketSchema, decodeTicket } from "../protocol/tickets.ts";

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
const maxWordCharacters = 64;
const maxTroubleCharacters = 200;

/** What is kept of a link whose ticket this is. */
export function newKeepsake(ticketText: string | null): LinkKeepsake {
  const { bridgeTokenId: tokenId, clusterId, requestId } = decodeTicket(ticketText, bridgeTicketSchema);
  return { id: crypto.randomUUID(), tokenId, clusterId, requestId, state: null };
}

export function linkOf(socket: WebSocket): Link {
  return { ...(socket.deserializeAttachment() as LinkKeepsake), socket };
}

export function isReady(link: Link): link is ReadyLink {
  return link.state !== null;
}

export function bridgeIdOf({ state }: ReadyLink): string {
  return state.bridgeId;
}

/** Keeps what a link has said of itself at first. */
export function keepHello(link: Link, hello: Extract<BridgeMessage, { type: "hello" }>, now: number): ReadyLink {
  return keepState(link, {
    bridgeId: hello.bridge_id,
    version: hello.version.slice(0, maxWordCharacters),
    runtime: hello.runtime.slice(0, maxWordCharacters),
    sinceMs: now,
    shares: hello.shares ?? false,
    instance: hello.instance ?? null,
    isDraining: false,
    trouble: null,
  });
}

/** Keeps that its bridge is about to end. */
export function keepDraining(link: ReadyLink): ReadyLink {
  return keepState(link, { ...link.state, isDraining: true });
}

/** Keeps what it says keeps its bridge from work; null: nothing any more. */
export function keepTrouble(link: ReadyLink, trouble: string | null): ReadyLink {
  return keepState(link, { ...link.state, trouble: trouble?.slice(0, maxTroubleCharacters) ?? null });
}

function keepState(link: Link, state: LinkState): ReadyLink {
  const { id, tokenId, clusterId, requestId } = link;
  link.socket.serializeAttachment({ id, tokenId, clusterId, requestId, state } satisfies LinkKeepsake);
  return { ...link, state };
}

export function send(link: Link, message: ClusterMessage): void {
  link.socket.send(JSON.stringify(message));
}

/** Whether a process that has come later in the same place proves that this one has ended. */
export function isForerunner(one: ReadyLink, other: ReadyLink): boolean {
  return one.state.instance !== null && one.state.instance === other.state.instance;
}
