/**
 * The size of the terminal, decided by policies.ts. A viewer that has said none or is not visible has no vote, and
 * with nobody left the last size stays. The object decides, the bridge applies in its own time. A viewer of version 2
 * is told every size that was applied, one of version 1 only if it draws at another one.
 */

import type { Bridge } from "./bridge.ts";
import type { Turn } from "./events.ts";
import { notePresence } from "./participants.ts";
import { decideSize, type SizeVote } from "./policies.ts";
import { policyOf } from "./policy.ts";
import { isWritable } from "./rights.ts";
import { type Room, viewers1, viewers2 } from "./room.ts";
import { keepBridge, keepViewer, send, tellBridge } from "./send.ts";
import type { Size, Viewer, Viewer1, Viewer2 } from "./viewers.ts";

export function isSameSize(a: Size | null, b: Size | null): boolean {
  return a?.cols === b?.cols && a?.rows === b?.rows;
}

/** Who may only watch has no say: it pans. */
function votesOf(room: Room): SizeVote[] {
  return [...room.viewers.values()].flatMap((viewer) => {
    const { size, usedAt } = viewer;
    const isHidden = viewer.version === 2 && !viewer.isVisible;
    const hasVote = size !== null && !isHidden && isWritable(viewer);
    return hasVote ? [{ size, usedAt, isOwner: viewer.access === "owner" }] : [];
  });
}

/** Asks the bridge for the decided size, or for none, if that is not what it was asked for last. */
export function askForSize(room: Room, turn: Turn): void {
  const { bridge } = room;
  const votes = votesOf(room);
  const size = decideSize(policyOf(room), votes);
  if (bridge === null || isSameSize(size, bridge.asked)) return;
  bridge.asked = size;
  if (size !== null) tellBridge(turn, bridge, { type: "resize", ...size, alone: votes.length === 1 });
  else if (bridge.version === 2) tellBridge(turn, bridge, { type: "unsized" });
  keepBridge(turn, bridge);
}

/** A viewer of version 1 has changed its size. It is told at once where no `size` of the bridge will follow. */
export function changeViewerSize(room: Room, turn: Turn, viewer: Viewer1, size: Size): void {
  if (!isSameSize(viewer.size, size) || !isSameSize(viewer.told, size)) {
    viewer.size = size;
    viewer.told = size;
    keepViewer(turn, viewer);
  }
  viewer.usedAt = turn.moment.now;
  askForSize(room, turn);
  const shell = room.bridge?.shell;
  const isApplied = shell?.state === "attached" && isSameSize(shell.size, decideSize(policyOf(room), votesOf(room)));
  if (isApplied) tellStrangers(room, turn, shell.size);
}

/** A viewer of version 2 has changed its size, or whether it is looked at. */
export function changeViewer2Size(room: Room, turn: Turn, viewer: Viewer2, size: Size, isVisible: boolean): void {
  if (!isSameSize(viewer.size, size) || viewer.isVisible !== isVisible) {
    if (viewer.isVisible !== isVisible) notePresence(room);
    viewer.size = size;
    viewer.isVisible = isVisible;
    keepViewer(turn, viewer);
  }
  viewer.usedAt = turn.moment.now;
  askForSize(room, turn);
}

/** It has typed: where the latest decides, the size may be its own now. */
export function noteUse(room: Room, turn: Turn, viewer: Viewer): void {
  viewer.usedAt = turn.moment.now;
  if (policyOf(room).kind === "latest") askForSize(room, turn);
}

/** The bridge has said which size the terminal has now. What viewers that wait have seen is of an earlier generation,
 * and stays that: they learn the size with their snapshot. */
export function applySize(room: Room, turn: Turn, bridge: Bridge, { cols, rows }: Size, gen: number): void {
  const { shell } = bridge;
  if (shell.state !== "attached") return;
  const size = { cols, rows };
  if (!isSameSize(shell.size, size) || shell.gen !== gen) {
    bridge.shell = { ...shell, size, gen };
    if (room.head !== null) room.head.gen = gen;
    keepBridge(turn, bridge);
    tellViewers2(room, turn, size, gen);
  }
  tellStrangers(room, turn, size);
}

function tellViewers2(room: Room, turn: Turn, size: Size, gen: number): void {
  const live = viewers2(room).filter(({ standing }) => standing.state === "live");
  for (const viewer of viewers2(room)) if (viewer.standing.state === "waiting") viewer.window.isWhole = false;
  send(
    turn,
    live.map((viewer) => viewer.id),
    { type: "size", ...size, gen },
  );
}

/** Tells every viewer of version 1 that has said a size and draws at another one than the terminal has. */
function tellStrangers(room: Room, turn: Turn, applied: Size): void {
  const strangers = viewers1(room).filter((viewer) => viewer.size !== null && !isSameSize(viewer.told, applied));
  for (const viewer of strangers) {
    viewer.told = applied;
    keepViewer(turn, viewer);
  }
  send(
    turn,
    strangers.map((viewer) => viewer.id),
    { type: "size", ...applied },
  );
}
