/**
 * The size of the terminal: per axis the smallest of those its viewers have said (policy `smallest`). A viewer
 * that has said none takes no part, and with nobody left the last size stays. The object decides, the bridge
 * applies in its own time, and a viewer that draws at another size is told.
 */
import type { Turn } from "./events.ts";
import type { Bridge, Room, Size, Viewer } from "./room.ts";
import { keepBridge, keepViewer, send, tellBridge } from "./send.ts";

export function isSameSize(a: Size | null, b: Size | null): boolean {
  return a?.cols === b?.cols && a?.rows === b?.rows;
}

/** The size the viewers' sizes come to, or null if none has said one. */
export function decideSize(viewers: Iterable<Pick<Viewer, "size">>): Size | null {
  const sizes = [...viewers].flatMap(({ size }) => (size === null ? [] : [size]));
  if (sizes.length === 0) return null;
  return {
    cols: Math.min(...sizes.map((size) => size.cols)),
    rows: Math.min(...sizes.map((size) => size.rows)),
  };
}

/** Asks the bridge for the decided size, if that is not what it was asked for last. */
export function askForSize(room: Room, turn: Turn): void {
  const bridge = room.bridge;
  const size = decideSize(room.viewers.values());
  if (bridge === null || size === null || isSameSize(size, bridge.asked)) return;
  bridge.asked = size;
  tellBridge(turn, bridge, { type: "resize", ...size, alone: sizedViewers(room) === 1 });
  keepBridge(turn, bridge);
}

function sizedViewers(room: Room): number {
  let count = 0;
  for (const viewer of room.viewers.values()) if (viewer.size !== null) count += 1;
  return count;
}

/** A viewer has changed its own size. It is told at once where no `size` of the bridge will follow. */
export function changeViewerSize(room: Room, turn: Turn, viewer: Viewer, size: Size): void {
  if (!isSameSize(viewer.size, size) || !isSameSize(viewer.told, size)) {
    viewer.size = size;
    viewer.told = size;
    keepViewer(turn, viewer);
  }
  askForSize(room, turn);
  const applied = appliedSize(room);
  if (isSameSize(applied, decideSize(room.viewers.values()))) tellAppliedSize(room, turn);
}

/** The bridge has said which size the terminal has now. */
export function applySize(room: Room, turn: Turn, bridge: Bridge, size: Size): void {
  if (bridge.shell.state !== "attached") return;
  if (!isSameSize(bridge.shell.size, size)) {
    bridge.shell.size = size;
    keepBridge(turn, bridge);
  }
  tellAppliedSize(room, turn);
}

/** Tells every viewer that has said a size and draws at another one than the terminal has. */
function tellAppliedSize(room: Room, turn: Turn): void {
  const applied = appliedSize(room);
  if (applied === null) return;
  const strangers = [...room.viewers.values()].filter((v) => v.size !== null && !isSameSize(v.told, applied));
  for (const viewer of strangers) {
    viewer.told = applied;
    keepViewer(turn, viewer);
  }
  send(
    turn,
    strangers.map((viewer) => viewer.id),
    { type: "size", cols: applied.cols, rows: applied.rows },
  );
}

function appliedSize(room: Room): Size | null {
  return room.bridge?.shell.state === "attached" ? room.bridge.shell.size : null;
}
