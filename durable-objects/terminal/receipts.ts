/** What the bridge says of input and history, brought to the viewer of version 2 that it concerns. */
import type { DataMessage, Receipt } from "../protocol/data-socket.ts";
import { passBarrier } from "./barrier.ts";
import type { Turn } from "./events.ts";
import { type Room, viewers2 } from "./room.ts";
import { keepViewer, refuse2, send } from "./send.ts";
import { authorOf, type Viewer2 } from "./viewers.ts";

type Gap = Extract<DataMessage, { type: "gap" }>;
type Uncertain = Extract<DataMessage, { type: "uncertain" }>;
type History = Extract<DataMessage, { type: "history" }>;

/** The highest number of each author. */
export function receiptsByAuthor(receipts: readonly Receipt[]): Map<string, number> {
  const highest = new Map<string, number>();
  for (const { from, i } of receipts) highest.set(from, Math.max(i, highest.get(from) ?? 0));
  return highest;
}

/** Receipts that came without output. */
export function passReceipts(room: Room, turn: Turn, receipts: readonly Receipt[]): void {
  passBarrier(room, receipts);
  const highest = receiptsByAuthor(receipts);
  for (const viewer of viewers2(room)) confirm(turn, viewer, highest.get(authorOf(viewer)));
}

/** One that has not entered learns at its hello how far its input has come. */
export function confirm(turn: Turn, viewer: Viewer2, i: number | undefined): void {
  if (i !== undefined && hasEntered(viewer)) send(turn, [viewer.id], { type: "iack", i });
}

export function passGap(room: Room, turn: Turn, { from, i, after }: Gap): void {
  const viewer = viewerOf(room, from);
  if (viewer !== null)
    refuse2(turn, viewer, "bad_sequence", `Input ${i} was not applied: the last one was ${after}`, i);
}

export function passUncertain(room: Room, turn: Turn, { from, first, last }: Uncertain): void {
  const viewer = viewerOf(room, from);
  if (viewer !== null) send(turn, [viewer.id], { type: "uncertain", from: first, to: last });
}

export function passHistory(room: Room, turn: Turn, { entry, before, lines, more }: History): void {
  const viewer = viewers2(room).find(({ asking }) => asking === entry);
  if (viewer === undefined) return;
  viewer.asking = null;
  keepViewer(turn, viewer);
  charge(viewer, lines);
  send(turn, [viewer.id], { type: "history", before, lines, more });
}

/** Nobody acknowledges history, so that it counts as if the viewer had sent as much. */
function charge({ bytes }: Viewer2, lines: readonly string[]): void {
  if (bytes !== null) bytes.tokens -= lines.reduce((sum, line) => sum + line.length, 0);
}

/** Whether it has had the server's hello on this data socket. */
export function hasEntered({ standing }: Viewer2): boolean {
  return standing.state === "live" || standing.state === "waiting";
}

function viewerOf(room: Room, author: string): Viewer2 | null {
  return viewers2(room).find((viewer) => hasEntered(viewer) && authorOf(viewer) === author) ?? null;
}
