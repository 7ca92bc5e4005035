/** What a viewer does as it joins, and one of version 1 after that: types, says its size, pings, and is held to its limits. */
import { type ClientMessage, harmlessOutput, pongText, type ServerMessage } from "../protocol/client.ts";
import { limits } from "../protocol/timing.ts";
import type { Arrival, Turn } from "./events.ts";
import { isTooLong, parseClientFrame } from "./frames.ts";
import { holdInput, notConnected } from "./holding.ts";
import { removeViewer } from "./leaving.ts";
import { notePresence } from "./participants.ts";
import { isFlooding, isWithinRate, lengthOf, tooManyMessages } from "./rates.ts";
import { mustReclaim, refusalOf } from "./rights.ts";
import type { Room } from "./room.ts";
import { keepViewer, refuse, send, tellBridge } from "./send.ts";
import { changeViewerSize, noteUse } from "./sizing.ts";
import { newViewer1, newViewer2, type Viewer1, type Viewer2 } from "./viewers.ts";
import { reclaimControl } from "./wishes.ts";

/** In version 1 the greeting is sent at once and the screen follows when a snapshot comes; in version 2 all that follows
 * its hello. */
export function joinViewer(room: Room, turn: Turn, { viewer: known, greeting }: Arrival): void {
  const { id, userId } = known;
  const close = room.ended.get(id)?.close ?? (isFullFor(room, known) ? "tryLater" : null);
  if (close !== null) {
    turn.effects.push({ kind: "close_viewer", id, close }, { kind: "release", userId, id });
    return;
  }
  const kept = {
    ...known,
    role: "viewer",
    joinedAt: turn.moment.now,
    size: null,
  } as const;
  const viewer = known.version === 1 ? arrive1(kept) : arrive2(kept, greeting);
  room.viewers.set(id, viewer);
  keepViewer(turn, viewer);
  if (viewer.version === 2) return;
  notePresence(room);
  greet(turn, viewer, greeting);
}

/** Its owner is never kept out. A guest whose sockets do not go when they are closed would fill the memory with them. */
function isFullFor(room: Room, { access, userId }: Arrival["viewer"]): boolean {
  if (access === "owner") return false;
  const closing = [...room.closing.values()].filter((each) => each.userId === userId);
  if (closing.length >= limits.maxSocketsPerUser) return true;
  if (room.viewers.size < limits.maxGuestSocketsPerTerminal) return false;
  const guests = [...room.viewers.values()].filter((viewer) => viewer.access !== "owner");
  return guests.length >= limits.maxGuestSocketsPerTerminal;
}

type Arriving = Omit<Arrival["viewer"], "version"> & {
  role: "viewer";
  joinedAt: number;
  size: null;
};

function arrive1(kept: Arriving): Viewer1 {
  return newViewer1({ ...kept, version: 1, standing: { state: "waiting", seen: null }, told: null, held: null });
}

function arrive2(kept: Arriving, greeting: ServerMessage[]): Viewer2 {
  const silent = { version: 2, standing: { state: "silent", greeting }, cid: "", isVisible: false } as const;
  return newViewer2(
    { ...kept, ...silent, ledger: null, incarnation: "", entry: null, asking: null, hasTyped: false },
    "new",
  );
}

function greet(turn: Turn, { id, kind }: Viewer1, greeting: readonly ServerMessage[]): void {
  if (kind === "terminal") send(turn, [id], harmlessOutput);
  for (const message of greeting) send(turn, [id], message);
}

export function takeViewerFrame(room: Room, turn: Turn, viewer: Viewer1, data: string | ArrayBuffer): void {
  const { now } = turn.moment;
  if (isTooLong(data, limits.maxClientFrameBytes)) {
    removeViewer(room, turn, viewer, "frameTooLarge");
    return;
  }
  if (isWithinRate(viewer, now, lengthOf(data))) takeMessage(room, turn, viewer, parseClientFrame(data));
  else refuse(turn, viewer, "rate_limited", tooManyMessages);
  if (isFlooding(viewer)) removeViewer(room, turn, viewer, "floodingFrames");
}

function takeMessage(room: Room, turn: Turn, viewer: Viewer1, message: ClientMessage | null): void {
  switch (message?.type) {
    case undefined:
      refuse(turn, viewer, "bad_frame", "Failed to process message");
      return;
    case "ping":
      viewer.hasPingedByFrame = true;
      turn.effects.push({ kind: "send", to: [viewer.id], frame: pongText });
      return;
    case "resize":
      if (viewer.kind === "terminal") {
        changeViewerSize(room, turn, viewer, { cols: message.cols, rows: message.rows });
      }
      return;
    case "input":
      takeInput(room, turn, viewer, message.data);
      return;
  }
}

/** Passes input on, lone surrogates replaced, or holds it, or says that it was not sent: it is never lost in silence. */
function takeInput(room: Room, turn: Turn, viewer: Viewer1, data: string): void {
  if (mustReclaim(room, viewer)) {
    reclaimControl(room, turn, viewer);
    holdInput(room, turn, viewer, data.toWellFormed());
    return;
  }
  const refusal = refusalOf(room, viewer);
  if (refusal !== null) {
    refuse(turn, viewer, refusal.code, refusal.message);
    return;
  }
  noteUse(room, turn, viewer);
  const { bridge } = room;
  if (room.isUnlinked) {
    refuse(turn, viewer, "bridge_unavailable", notConnected);
    return;
  }
  if (bridge === null || bridge.shell.state === "silent" || viewer.held !== null) {
    holdInput(room, turn, viewer, data.toWellFormed());
    return;
  }
  if (bridge.shell.state === "detached") {
    refuse(turn, viewer, "not_running", bridge.shell.message);
    return;
  }
  tellBridge(turn, bridge, { type: "input", data: data.toWellFormed() });
}
