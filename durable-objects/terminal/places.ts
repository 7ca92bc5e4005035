/** Where viewers of version 2 want to go on when another data socket, or another tmux client, serves them. */
import type { Position } from "../protocol/data-socket.ts";
import type { Turn } from "./events.ts";
import { type Room, viewers2 } from "./room.ts";
import { keepViewer } from "./send.ts";
import type { Viewer2 } from "./viewers.ts";
import { losePlace } from "./window.ts";

/** The data socket is gone or another: each waits for the hello of the next, with the place it has. */
export function keepPlaces(room: Room, turn: Turn): void {
  for (const viewer of viewers2(room)) {
    const { standing } = viewer;
    const at = standing.state === "entering" ? standing.at : placeOf(room, viewer);
    letWait(turn, viewer, at);
  }
}

/** The tmux client is gone, and with it every place in its stream. Who waits to enter goes on waiting. */
export function losePlaces(room: Room, turn: Turn): void {
  for (const viewer of viewers2(room)) {
    if (viewer.standing.state !== "entering") letWait(turn, viewer, null);
  }
}

function letWait(turn: Turn, viewer: Viewer2, at: Position | null): void {
  if (at === null) losePlace(viewer.window);
  viewer.standing = { state: "entering", at };
  viewer.entry = null;
  viewer.asking = null;
  viewer.handed = null;
  keepViewer(turn, viewer);
}

/** The next byte the viewer lacks, if that is known and its stream is whole up to there. */
export function placeOf(room: Room, { standing, window }: Viewer2): Position | null {
  if (standing.state === "waiting" && standing.asked !== null && standing.asked.at !== null) return standing.asked.at;
  if (room.head === null || window.sent === null || !window.isWhole) return null;
  return { epoch: room.head.epoch, gen: room.head.gen, seq: window.sent };
}
