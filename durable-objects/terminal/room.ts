/**
 * A terminal's room as plain data: who watches it and the bridge that serves it. What must outlive hibernation is
 * in the keepsakes, which the platform holds beside each socket; everything else may vanish at any moment.
 */
import type { CloseName } from "../protocol/closes.ts";
import type { SocketKind } from "../protocol/vocabulary.ts";
import type { Bucket } from "./bucket.ts";

export interface Size {
  cols: number;
  rows: number;
}

/** Where a viewer stands in the stream. */
export type Standing =
  /** Gets nothing until a snapshot (or log replay) comes. */
  | { state: "waiting"; seen: LogPlace | null }
  /** Gets the parts of a log replay that it has not seen. */
  | { state: "replaying"; seen: LogPlace | null }
  /** Gets everything from byte offset `from` on. */
  | { state: "live"; from: number };

/** A place in a log: the newest message's timestamp and how many messages bear it. */
export interface LogPlace {
  at: string;
  count: number;
}

/** The part of a viewer that outlives hibernation. */
export interface ViewerKeepsake {
  role: "viewer";
  id: string;
  userId: string;
  sessionId: string;
  clusterId: string;
  kind: SocketKind;
  requestId: string;
  joinedAt: number;
  standing: Standing;
  /** The size it has said, and the one it was told to draw at if that differs. */
  size: Size | null;
  told: Size | null;
  held: HeldInput | null;
}

/** Input that waits for a bridge; `isFull` once a part of it had to be refused. */
export interface HeldInput {
  text: string;
  since: number;
  isFull: boolean;
}

export interface Viewer extends ViewerKeepsake {
  /** Characters sent since `creditedAt`, the last sign of life that was counted. */
  sentSinceCredit: number;
  creditedAt: number;
  /** Last frame that reached the object; pings that the platform answers are not among them. */
  lastFrameAt: number | null;
  hasPingedByFrame: boolean;
  frames: Bucket | null;
  bytes: Bucket | null;
  refusedFrames: number;
  /** Log messages that were not sent because the viewer was behind. */
  leftOut: number;
}

/** The part of a bridge's data socket that outlives hibernation. */
export interface BridgeKeepsake {
  role: "bridge";
  id: string;
  tokenId: string;
  clusterId: string;
  bridgeId: string;
  assignment: number;
  requestId: string;
  shell: Shell;
  /** The size it was asked for last. */
  asked: Size | null;
  /** How far it has told the log. */
  told: LogPlace | null;
}

/** What the bridge has said about its end. */
export type Shell =
  | { state: "silent" }
  | { state: "detached"; message: string }
  | { state: "attached"; epoch: string; size: Size };

export interface Bridge extends BridgeKeepsake {
  lastFrameAt: number | null;
}

/** An open question for a snapshot; `dueAt` is when the bridge may answer it at the earliest. */
export interface SnapshotAsk {
  askedAt: number;
  dueAt: number;
  /** The last answer was of no use: do not hurry the next one. */
  isRetry: boolean;
}

export interface Room {
  viewers: Map<string, Viewer>;
  bridge: Bridge | null;
  /** The next byte that live viewers expect; null after waking, when the next frame decides. */
  head: { epoch: string; seq: number } | null;
  snapshotAsk: SnapshotAsk | null;
  /** Some viewer's input waits for the bridge. */
  isHolding: boolean;
  /** Whether the cluster was told that this terminal is wanted, and when last; a lost bridge begins the wait anew. */
  isWanted: boolean;
  wantedAt: number;
  /** The cluster said that no bridge is linked, and none has come since. */
  isUnlinked: boolean;
  sweptAt: number;
  /** Sockets that were ended before they arrived. */
  ended: Map<string, { until: number; close: CloseName }>;
}

export function newRoom(): Room {
  return {
    viewers: new Map(),
    bridge: null,
    head: null,
    snapshotAsk: null,
    isHolding: false,
    isWanted: false,
    wantedAt: 0,
    isUnlinked: false,
    sweptAt: 0,
    ended: new Map(),
  };
}

/** Builds the room again from what was kept beside its sockets. Of several bridges the newest counts. */
export function restoreRoom(keepsakes: Iterable<ViewerKeepsake | BridgeKeepsake>): Room {
  const room = newRoom();
  for (const keepsake of keepsakes) {
    if (keepsake.role === "viewer") room.viewers.set(keepsake.id, restoreViewer(keepsake));
    else if (keepsake.assignment >= (room.bridge?.assignment ?? 0)) room.bridge = { ...keepsake, lastFrameAt: null };
  }
  room.isWanted = room.viewers.size > 0;
  room.isHolding = [...room.viewers.values()].some((viewer) => viewer.held !== null);
  return room;
}

/** A viewer whose window is empty: as it joins, and as it wakes. */
export function restoreViewer(keepsake: ViewerKeepsake): Viewer {
  return {
    ...keepsake,
    sentSinceCredit: 0,
    creditedAt: keepsake.joinedAt,
    lastFrameAt: null,
    hasPingedByFrame: false,
    frames: null,
    bytes: null,
    refusedFrames: 0,
    leftOut: 0,
  };
}

export function viewerKeepsake(viewer: Viewer): ViewerKeepsake {
  const { id, userId, sessionId, clusterId, kind, requestId, joinedAt, standing, size, told, held } = viewer;
  return { role: "viewer", id, userId, sessionId, clusterId, kind, requestId, joinedAt, standing, size, told, held };
}

export function bridgeKeepsake(bridge: Bridge): BridgeKeepsake {
  const { role, id, tokenId, clusterId, bridgeId, assignment, requestId, shell, asked, told } = bridge;
  return { role, id, tokenId, clusterId, bridgeId, assignment, requestId, shell, asked, told };
}
