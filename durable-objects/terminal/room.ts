/**
 * A terminal's room as plain data: who watches it and the bridge that serves it. What must outlive hibernation is
 * in the keepsakes, which the platform holds beside each socket; everything else may vanish at any moment.
 */
import type { CloseName } from "../protocol/closes.ts";
import type { Position } from "../protocol/data-socket.ts";
import type { Control } from "../protocol/objects.ts";
import { mainWindow } from "../protocol/vocabulary.ts";
import type { WindowTab } from "../protocol/windows.ts";
import { type Bridge, type BridgeKeepsake, restoreBridge } from "./bridge.ts";
import type { Bucket } from "./bucket.ts";
import type { Load } from "./budget.ts";
import type { ChosenPolicy } from "./policy.ts";
import { isGreeted, restoreViewer, type Viewer, type Viewer1, type Viewer2, type ViewerKeepsake } from "./viewers.ts";

/** An open question for a snapshot; `dueAt` is when the bridge may answer it at the earliest. */
export interface SnapshotAsk {
  askedAt: number;
  dueAt: number;
  /** The last answer was of no use: do not hurry the next one. */
  isRetry: boolean;
}

/** What is known of the environment's windows; asked for once a data socket. */
export type Tabs = { state: "unknown" } | { state: "asked" } | { state: "known"; windows: WindowTab[] };

export interface Room {
  /** Which window of the environment this is the terminal of; the first to arrive says so. */
  window: string;
  viewers: Map<string, Viewer>;
  bridge: Bridge | null;
  /** The next byte that live viewers expect; null after waking, when the next frame decides. */
  head: Position | null;
  snapshotAsk: SnapshotAsk | null;
  /** When the last snapshot came. */
  snapshotAt: number;
  tabs: Tabs;
  /** Some viewer was not told the newest windows. */
  isSomeoneBehindTabs: boolean;
  /** Some viewer's input waits for the bridge. */
  isHolding: boolean;
  /** Whether the cluster was told that this terminal is wanted, and when last; a lost bridge begins the wait anew. */
  isWanted: boolean;
  wantedAt: number;
  /** The cluster said that no bridge is linked, and none has come since. */
  isUnlinked: boolean;
  sweptAt: number;
  /** Who is here has changed since viewers were told. */
  isPresenceStale: boolean;
  /** What they were told last, as text; "" = nothing yet, null = unknown. */
  toldParticipants: string | null;
  /** How much may be told about it now. */
  presence: Bucket | null;
  /** Sockets have come or gone, and the bound that everybody was told; null if that is unknown. */
  isCrowdStale: boolean;
  toldCrowd: number | null;
  /** The size policy that its owner has chosen; null: none. */
  chosen: ChosenPolicy | null;
  control: Control;
  /** The id of who has it as viewers were told last; "" = nobody, null = unknown. */
  toldHolder: string | null;
  /** The cluster was asked to end this control. */
  reclaimed: number;
  /** The number of the barrier of which the bridge has not yet said that all it was given before is with the shell; due: its
   * socket was cut, and the next one is asked. */
  barrier: number | "due" | null;
  /** When the last bridge's socket was lost; null if that was not lately. */
  bridgeLostAt: number | null;
  /** Sockets that were ended before they arrived. */
  ended: Map<string, { until: number; close: CloseName }>;
  /** Viewers' sockets that were closed here and whose peer has not answered: what was sent to them is still under way. */
  closing: Map<string, { userId: string; load: Load }>;
}

const nobodys: Control = { version: 0, holder: null, stage: "settled" };

export function newRoom(window = mainWindow): Room {
  return {
    window,
    viewers: new Map(),
    bridge: null,
    head: null,
    snapshotAsk: null,
    snapshotAt: 0,
    tabs: { state: "unknown" },
    isSomeoneBehindTabs: false,
    isHolding: false,
    isWanted: false,
    wantedAt: 0,
    isUnlinked: false,
    sweptAt: 0,
    isPresenceStale: false,
    toldParticipants: "",
    isCrowdStale: false,
    toldCrowd: 0,
    presence: null,
    chosen: null,
    control: nobodys,
    toldHolder: "",
    reclaimed: 0,
    barrier: null,
    bridgeLostAt: null,
    ended: new Map(),
    closing: new Map(),
  };
}

/** Builds the room again from what was kept beside its sockets, and stored. Of several bridges the newest counts. */
export function restoreRoom(
  keepsakes: Iterable<ViewerKeepsake | BridgeKeepsake>,
  chosen: ChosenPolicy | null,
  window = mainWindow,
): Room {
  const room = newRoom(window);
  room.chosen = chosen;
  for (const keepsake of keepsakes) {
    if (keepsake.role === "viewer") room.viewers.set(keepsake.id, restoreViewer(keepsake));
    else if (keepsake.assignment >= (room.bridge?.assignment ?? 0)) room.bridge = restoreBridge(keepsake);
  }
  room.isWanted = room.viewers.size > 0;
  room.control = room.bridge?.control ?? nobodys;
  room.toldHolder = room.isWanted ? toldHolderOf(room.bridge) : "";
  room.toldParticipants = room.isWanted ? null : "";
  room.toldCrowd = room.isWanted ? null : 0;
  room.isHolding = [...room.viewers.values()].some((viewer) => viewer.version === 1 && viewer.held !== null);
  return room;
}

/** What viewers know of control while it is settled; what they knew before a round began is forgotten. */
function toldHolderOf(bridge: Bridge | null): string | null {
  return bridge?.control.stage === "settled" ? (bridge.control.holder?.id ?? "") : null;
}

/** Whose end woke the object is in the room again, so that they leave it as everybody does; who never came in is not. */
export function readmit(room: Room, keepsake: Partial<ViewerKeepsake | BridgeKeepsake>): void {
  if (keepsake.role === "viewer")
    room.viewers.set((keepsake as ViewerKeepsake).id, restoreViewer(keepsake as ViewerKeepsake));
  else if (keepsake.role === "bridge") room.bridge ??= restoreBridge(keepsake as BridgeKeepsake);
}

/** Everybody who may be spoken to. */
export function audience(room: Room): string[] {
  return [...room.viewers.values()].filter(isGreeted).map((viewer) => viewer.id);
}

export function viewers1(room: Room): Viewer1[] {
  return [...room.viewers.values()].flatMap((viewer) => (viewer.version === 1 ? [viewer] : []));
}

/** The viewers of version 2 that have said hello. */
export function viewers2(room: Room): Viewer2[] {
  return [...room.viewers.values()].flatMap((viewer) => (viewer.version === 2 && isGreeted(viewer) ? [viewer] : []));
}
