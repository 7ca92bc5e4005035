/**
 * The bridge that serves a terminal, as plain data: its data socket and what it has said on it. What must outlive hibernation is
 * in the keepsake; everything else may vanish at any moment.
 */
import type { Control } from "../protocol/objects.ts";
import type { BridgeVersion } from "../protocol/tickets.ts";
import type { LogPlace, Size } from "./viewers.ts";

/** The part of a bridge's data socket that outlives hibernation. */
export interface BridgeKeepsake {
  role: "bridge";
  id: string;
  tokenId: string;
  clusterId: string;
  bridgeId: string;
  assignment: number;
  requestId: string;
  version: BridgeVersion;
  shell: Shell;
  /** Names its memory of input. */
  ledger: string;
  /** The size it was asked for last. */
  asked: Size | null;
  /** How far it has told the log. */
  told: LogPlace | null;
  /** What the object has numbered on this socket: entries and questions for history. */
  entries: number;
  /** The same of barriers. */
  barriers: number;
  /** Whether it was given an offset that output may go to. */
  isCredited: boolean;
  /** Who has control of the environment, as the cluster has said. */
  control: Control;
}

/** What the bridge has said about its end. */
export type Shell =
  | { state: "silent" }
  | { state: "detached"; message: string }
  | { state: "attached"; epoch: string; gen: number; size: Size };

export interface Bridge extends BridgeKeepsake {
  lastFrameAt: number | null;
  /** The offset it was given last; null if that is unknown. */
  creditedUntil: number | null;
}

/** A bridge as it comes: what it has not said yet is left out. */
export type BridgeArrival = Omit<
  BridgeKeepsake,
  "role" | "shell" | "ledger" | "asked" | "told" | "entries" | "barriers" | "isCredited"
>;

export function newBridge(arrival: BridgeArrival): Bridge {
  const unsaid = { shell: { state: "silent" }, ledger: "", asked: null, told: null } as const;
  return restoreBridge({ ...arrival, ...unsaid, role: "bridge", entries: 0, barriers: 0, isCredited: false });
}

/** A bridge as it wakes. */
export function restoreBridge(keepsake: BridgeKeepsake): Bridge {
  return { ...keepsake, lastFrameAt: null, creditedUntil: null };
}

export function bridgeKeepsake(bridge: Bridge): BridgeKeepsake {
  const { lastFrameAt, creditedUntil, ...keepsake } = bridge;
  return keepsake;
}
