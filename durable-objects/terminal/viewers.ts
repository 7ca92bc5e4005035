/**
 * Who watches a terminal, as plain data: viewers of version 1 and of version 2. What must outlive hibernation is in the
 * keepsakes, which the platform holds beside each socket; everything else may vanish at any moment.
 */
import type { ServerMessage } from "../protocol/client.ts";
import type { Position } from "../protocol/data-socket.ts";
import type { Role, SocketKind } from "../protocol/vocabulary.ts";
import type { Bucket } from "./bucket.ts";
import { newWindow, type Window } from "./window.ts";

export interface Size {
  cols: number;
  rows: number;
}

/** A place in a log: the newest message's timestamp and how many messages bear it. */
export interface LogPlace {
  at: string;
  count: number;
}

/** Where a viewer of version 1 stands in the stream. */
export type Standing =
  /** Gets nothing until a snapshot (or log replay) comes. */
  | { state: "waiting"; seen: LogPlace | null }
  /** Gets the parts of a log replay that it has not seen. */
  | { state: "replaying"; seen: LogPlace | null }
  /** Gets everything from byte offset `from` on. */
  | { state: "live"; from: number };

/** Where a viewer of version 2 stands. */
export type Standing2 =
  /** Has not said hello: nothing is sent to it, the greeting neither. */
  | { state: "silent"; greeting: ServerMessage[] }
  /** Waits for the server's hello: the bridge has not said how far its input has come. Its input is dropped, for it is
   * sent again after that hello. `at` is where it wants to go on. */
  | { state: "entering"; at: Position | null }
  /** Has no right picture: waits for what it `asked` for, or else for a snapshot, once its window has room. */
  | { state: "waiting"; asked: Asked | null; isUrgent: boolean }
  /** Gets everything from its window's `sent` on. */
  | { state: "live" };

/** An `enter` that is under way: what is missing from `at` on, or a snapshot, is to come of itself. */
export interface Asked {
  at: Position | null;
  since: number;
}

/** Input that waits for a bridge; `isFull` once a part of it had to be refused. */
export interface HeldInput {
  text: string;
  since: number;
  isFull: boolean;
}

/** What outlives hibernation of a viewer of either version. */
interface Kept {
  role: "viewer";
  id: string;
  userId: string;
  /** What others at the terminal call them. */
  username: string;
  /** What they are at the environment. */
  access: Role;
  /** When a guest's role ends by itself, and whether they may dial again then for a weaker one. */
  roleEnds: { atMs: number; mayRetry: boolean } | null;
  sessionId: string;
  clusterId: string;
  kind: SocketKind;
  requestId: string;
  joinedAt: number;
  /** The size it has said. */
  size: Size | null;
}

export interface Viewer1Keepsake extends Kept {
  version: 1;
  standing: Standing;
  /** The size it was told to draw at if that differs from its own. */
  told: Size | null;
  held: HeldInput | null;
}

export interface Viewer2Keepsake extends Kept {
  version: 2;
  standing: Standing2;
  /** The client's own name; empty before its hello. */
  cid: string;
  isVisible: boolean;
  /** The ledger its client knows; null if none. */
  ledger: string | null;
  /** Tells the author that this client is now from the one it was; empty at first. */
  incarnation: string;
  /** The number its last `enter` bears on this data socket; null if none was sent. */
  entry: number | null;
  /** The number of its open question for history. */
  asking: number | null;
  /** It has sent input on this socket, which may be lost. */
  hasTyped: boolean;
}

export type ViewerKeepsake = Viewer1Keepsake | Viewer2Keepsake;

/** What vanishes with the memory. */
interface Remembered {
  /** Last frame that reached the object; pings that the platform answers are not among them. */
  lastFrameAt: number | null;
  hasPingedByFrame: boolean;
  /** When it typed or changed its size. */
  usedAt: number;
  frames: Bucket | null;
  bytes: Bucket | null;
  /** How many of its frames may still be refused. */
  refusals: Bucket | null;
  wishes: Bucket | null;
}

export interface Viewer1 extends Viewer1Keepsake, Remembered {
  /** Characters sent since `creditedAt`, the last sign of life that was counted. */
  sentSinceCredit: number;
  creditedAt: number;
  /** Something was not sent since then. */
  isPaused: boolean;
  /** Log messages that were not sent because the viewer was behind. */
  leftOut: number;
}

export interface Viewer2 extends Viewer2Keepsake, Remembered {
  window: Window;
  /** Characters of windows' names it was sent since its sign of life at `since`; `isBehind` if it lacks the newest;
   * `mark` names those it has, if its client said so or has known marks before. */
  tabs: { sent: number; since: number; isBehind: boolean; mark: string | null };
  /** The last input that was handed to a bridge of version 1; null if that is unknown. */
  handed: number | null;
  /** Has come and was not told who else is here. */
  isUntold: boolean;
  /** The same of how many sockets are here. */
  isUncounted: boolean;
}

export type Viewer = Viewer1 | Viewer2;

/** A viewer as it wakes: its window is empty. */
export function restoreViewer(keepsake: ViewerKeepsake): Viewer {
  return keepsake.version === 1 ? newViewer1(keepsake) : newViewer2(keepsake, "woken");
}

export function newViewer1(keepsake: Viewer1Keepsake): Viewer1 {
  const { joinedAt: creditedAt } = keepsake;
  return { ...keepsake, ...remembered(keepsake), sentSinceCredit: 0, creditedAt, isPaused: false, leftOut: 0 };
}

/** What a viewer of version 2 is where nothing of that version is of use: the same one, as of version 1. */
export function asViewer1(viewer: Viewer2): Viewer1 {
  const standing = { state: "waiting", seen: null } as const;
  return newViewer1({ ...keptOf(viewer), version: 1, standing, told: null, held: null });
}

export function newViewer2(keepsake: Viewer2Keepsake, unplaced: Window["unplaced"]): Viewer2 {
  return {
    ...keepsake,
    ...remembered(keepsake),
    window: newWindow(unplaced),
    tabs: newTabs(),
    handed: null,
    isUntold: unplaced === "new",
    isUncounted: unplaced === "new",
  };
}

function newTabs(): Viewer2["tabs"] {
  return { sent: 0, since: 0, isBehind: false, mark: null };
}

function remembered({ joinedAt }: Kept): Remembered {
  return {
    lastFrameAt: null,
    hasPingedByFrame: false,
    usedAt: joinedAt,
    frames: null,
    bytes: null,
    refusals: null,
    wishes: null,
  };
}

export function viewerKeepsake(viewer: Viewer): ViewerKeepsake {
  const kept = keptOf(viewer);
  if (viewer.version === 1) {
    const { version, standing, told, held } = viewer;
    return { ...kept, version, standing, told, held };
  }
  const { version, standing, cid, isVisible, ledger, incarnation, entry, asking, hasTyped } = viewer;
  return { ...kept, version, standing, cid, isVisible, ledger, incarnation, entry, asking, hasTyped };
}

function keptOf(viewer: Viewer): Kept {
  const { id, userId, username, access, roleEnds } = viewer;
  const { sessionId, clusterId, kind, requestId, joinedAt, size } = viewer;
  const who = { id, userId, username, access, roleEnds };
  return { role: "viewer", ...who, sessionId, clusterId, kind, requestId, joinedAt, size };
}

/** Names whose input it is. With the user's id in it, nobody else's client can bear the same name. */
export function authorOf({ userId, cid, incarnation }: Viewer2): string {
  return incarnation === "" ? `${userId}/${cid}` : `${userId}/${cid}/${incarnation}`;
}

/** Whether it may be spoken to at all. */
export function isGreeted(viewer: Viewer): boolean {
  return viewer.version === 1 || viewer.standing.state !== "silent";
}
