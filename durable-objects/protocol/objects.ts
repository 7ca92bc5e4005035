/**
 * The RPC interfaces of the Durable Objects, so that Worker and objects can call each other without importing
 * each other's code. Arguments and results are plain data.
 *
 * Names: TERMINALS by terminal id, CLUSTERS by cluster id, USERS by user id, TRANSFERS by transfer id, METERS by `closesMeter`
 * alone. What an object has to know of its name is in the tickets (tickets.ts): the platform tells an object its name only where
 * the caller is of its process.
 */
import type { AnswerResult, Assignment, Question } from "./bridge-link.ts";
import type { ServerMessage, StatusUpdate } from "./client.ts";
import type { CloseName } from "./closes.ts";
import type { TransferOrder } from "./transfers.ts";
import type { SocketKind } from "./vocabulary.ts";

/**
 * Who has control of an environment: nobody else types at any of its terminals. Versions only grow. While terminals are
 * still being told, it is `coming` (everybody typed before: from now on only the holder) or `passing` from one to another
 * (nobody types); `settled` is what they say to people.
 */
export interface Control {
  version: number;
  holder: { id: string; name: string } | null;
  stage: "coming" | "passing" | "settled";
}

export interface ControlWish {
  /** `reclaim`: control of others ends, and nobody has it. */
  action: "take" | "release" | "reclaim";
  user: { id: string; name: string };
  isOwner: boolean;
}

export interface TerminalRpc {
  /** Upgrades: `objectPaths.viewer` with a ViewerTicket, `objectPaths.bridge` with a BridgeTicket. */
  fetch(request: Request): Promise<Response>;
  /** Sends a message to every viewer, or to those with these socket ids. */
  announce(message: ServerMessage, socketIds?: string[]): Promise<void>;
  /** Closes the viewers with these socket ids, also one that is only just arriving; "all" closes the bridge's too. */
  end(socketIds: string[] | "all", close: CloseName): Promise<void>;
  /** Closes the bridge's data socket if it was opened with this token. */
  revoke(bridgeTokenId: string): Promise<void>;
  /** Which of these socket ids are open here. */
  alive(socketIds: string[]): Promise<string[]>;
  /** Who may type has changed. Before it is settled: answers once nothing that was typed until now is still on its way to
   * the shell. */
  control(control: Control): Promise<void>;
  /** Whether a socket of this user that may type, if nobody has control, is here. */
  mayTypeHere(userId: string): Promise<boolean>;
}

export interface LinkState {
  bridgeId: string;
  version: string;
  runtime: string;
  /** When it said hello (ms since the epoch). */
  sinceMs: number;
  /** Whether it may serve beside others. */
  shares: boolean;
  /** The place it runs in; null if it did not say. */
  instance: string | null;
  /** It is about to end. */
  isDraining: boolean;
  /** What keeps it from its work. */
  trouble: string | null;
}

/** A bridge that is linked, and what it does. */
export interface LinkedBridge extends LinkState {
  /** Whether it runs the reconcile loop. */
  hasLease: boolean;
  /** How many watched terminals are assigned to it. */
  terminals: number;
}

/** What the viewers of an environment are told. */
export interface EnvironmentUpdate {
  environmentId: string;
  update: StatusUpdate;
}

export interface ClusterRpc {
  /** Upgrade of a bridge's control link, `objectPaths.link` with a BridgeTicket without assignment. */
  fetch(request: Request): Promise<Response>;
  /** The desired state changed: tells the bridges to look again (coalesced). */
  nudge(revision: string, requestId?: string): Promise<void>;
  /** A terminal has viewers; idempotent while it is wanted. `isRepeated`: no bridge came, so it is assigned anew, for
   * the bridge may have given the old assignment up. Tells whether a bridge is linked. */
  want(terminal: string, isRepeated?: boolean): Promise<boolean>;
  unwant(terminal: string): Promise<void>;
  /** `current` if this is the newest assignment of a wanted terminal and its secret is right. */
  verifyAssignment(assignment: Assignment): Promise<"current" | "superseded" | "unwanted">;
  /** A wish of somebody at this terminal; answers who has control, once that holds at all terminals of the environment. */
  askControl(terminal: string, wish: ControlWish): Promise<Control>;
  /** Who has control of this terminal's environment. Of a wanted terminal, every later change is told it. */
  controlOf(terminal: string): Promise<Control>;
  /** Who has control has left this terminal with the last of their sockets; for good: they will not dial again. */
  holderLeft(terminal: string, userId: string, isForGood: boolean): Promise<void>;
  /** Asks what only the cluster can tell; `failed/unavailable` after 10 s or with no bridge. */
  ask(question: Question, requestId?: string): Promise<AnswerResult>;
  /** Tells a bridge that a transfer waits for it; false with no bridge. */
  transfer(id: string, order: TransferOrder, requestId?: string, ownerId?: string): Promise<boolean>;
  /** Passes a status update on to the environment's watched terminals; wakes nobody else. */
  announce(environmentId: string, update: StatusUpdate): Promise<void>;
  /** The same for many environments at once. */
  announceAll(updates: readonly EnvironmentUpdate[]): Promise<void>;
  /** Closes every viewer and data socket of an environment that was deleted. */
  endEnvironment(environmentId: string): Promise<void>;
  /** Whether a bridge's control link is open now. */
  isLinked(): Promise<boolean>;
  /** The bridges that are linked now, the longest linked first. */
  linkedBridges(): Promise<LinkedBridge[]>;
  /** Closes the links that were opened with this bridge token. */
  revoke(bridgeTokenId: string): Promise<void>;
}

export interface TransferRpc {
  /** `objectPaths.transfer` with a TransferTicket: a person's, answered with a TransferHead in its header and the body that
   * belongs to it. `objectPaths.bridge` with a TransferBridgeTicket: a bridge's. */
  fetch(request: Request): Promise<Response>;
}

/** What a socket is for, in metrics: two kinds of people's and two of bridges'. */
export type MeteredKind = SocketKind | "data" | "link";

/** The one object that counts closed sockets. */
export const closesMeter = "closes";

/** How many sockets of a kind ever closed with a code, as its label in metrics. */
export interface ClosedSockets {
  kind: MeteredKind;
  code: string;
  count: number;
}

/** Counts what only objects see. */
export interface MeterRpc {
  /** A socket closed with this code; once this has answered, the count outlives every restart. */
  socketClosed(kind: MeteredKind, code: number): Promise<void>;
  /** Everything that was ever counted. */
  closedSockets(): Promise<ClosedSockets[]>;
}

export interface SocketEntry {
  socketId: string;
  sessionId: string;
  terminal: string;
  kind: SocketKind;
  /** When the session was read from the database (ms since the epoch): an `end` after that refuses the socket. */
  checkedAtMs: number;
}

/** Which of a user's sockets to end. */
export type SocketSelector =
  | { sessionId: string }
  | { sessionIds: string[] }
  | { exceptSessionId: string }
  | { environmentId: string }
  | "all";

export type Admission = { kind: "admitted" } | { kind: "refused"; close: CloseName };

export interface UserRpc {
  /** Registers a socket unless the user has `maxSockets` that are really open, or what lets them in was ended or
   * changed since it was checked: then how that end closes sockets. */
  admit(entry: SocketEntry, maxSockets: number): Promise<Admission>;
  release(socketId: string): Promise<void>;
  /** Closes the selected sockets and forgets them. */
  end(selector: SocketSelector, close: CloseName): Promise<void>;
  /** Sends a message to every open socket of the user. */
  tell(message: ServerMessage): Promise<void>;
  openSockets(): Promise<SocketEntry[]>;
}
