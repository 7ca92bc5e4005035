/** What can happen to a room, and what it wants done about it. Both are plain data. */
import type { ServerMessage } from "../protocol/client.ts";
import type { CloseName } from "../protocol/closes.ts";
import type { Control, ControlWish } from "../protocol/objects.ts";
import type { ClientVersion } from "../protocol/tickets.ts";
import type { BridgeArrival, BridgeKeepsake } from "./bridge.ts";
import type { Budget } from "./budget.ts";
import type { ChosenPolicy } from "./policy.ts";
import type { Viewer1Keepsake, ViewerKeepsake } from "./viewers.ts";

/** A viewer as the Worker vouches for it, with the frames it gets before anything else. */
export interface Arrival {
  viewer: Omit<Viewer1Keepsake, "role" | "joinedAt" | "standing" | "size" | "told" | "held" | "version"> & {
    version: ClientVersion;
  };
  greeting: ServerMessage[];
}

export type RoomEvent =
  | { kind: "viewer_joined"; arrival: Arrival }
  | { kind: "viewer_frame"; id: string; data: string | ArrayBuffer }
  | { kind: "viewer_left"; id: string }
  /** The peer of a socket that was closed here has answered, or was cut. */
  | { kind: "socket_gone"; id: string }
  | { kind: "bridge_attached"; bridge: BridgeArrival }
  | { kind: "bridge_frame"; id: string; data: string | ArrayBuffer }
  | { kind: "bridge_left"; id: string }
  /** The cluster has answered a `want`. */
  | { kind: "wanted"; isLinked: boolean }
  /** The cluster says who has control of the environment. */
  | { kind: "controlled"; control: Control }
  /** It has answered what this viewer wished: who has control then; null: it could not be asked. */
  | { kind: "control_answered"; id: string; action: ControlWish["action"]; control: Control | null }
  /** Nothing but a look who is still here. */
  | { kind: "looked_at" }
  | { kind: "announce"; message: ServerMessage; to: readonly string[] | "all" }
  | { kind: "end"; which: readonly string[] | "all"; close: CloseName }
  | { kind: "revoke"; tokenId: string };

export type Effect =
  /** One text for all of them, encoded once. */
  | { kind: "send"; to: readonly string[]; frame: string }
  | { kind: "send_bridge"; id: string; frame: string }
  | { kind: "close_viewer"; id: string; close: CloseName }
  | { kind: "close_bridge"; id: string; close: CloseName }
  /** The keepsake beside this socket has changed. */
  | { kind: "keep"; keepsake: ViewerKeepsake | BridgeKeepsake }
  /** All that is stored has changed; null: nothing is. */
  | { kind: "keep_policy"; chosen: ChosenPolicy | null }
  /** The socket is no longer the user's. */
  | { kind: "release"; userId: string; id: string }
  /** `isRepeated`: no bridge came, or the one that did is gone for long; it may have given this assignment up. */
  | { kind: "want"; clusterId: string; isRepeated: boolean }
  | { kind: "unwant"; clusterId: string }
  /** What this viewer wishes of control; an answer is expected. */
  | { kind: "ask_control"; clusterId: string; id: string; wish: ControlWish }
  /** Who has control has left with the last of their sockets; for good: they will not dial again. */
  | { kind: "holder_left"; clusterId: string; userId: string; isForGood: boolean };

/** What the platform knows at the moment of an event. Times are ms since the epoch. */
export interface Moment {
  now: number;
  /** When the platform last answered this socket's ping; null = never. */
  lastPingAt(id: string): number | null;
}

/** What every part of the core works on. */
export interface Turn {
  moment: Moment;
  effects: Effect[];
  /** What may still be sent. */
  budget: Budget;
}
