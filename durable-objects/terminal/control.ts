/**
 * Control of the environment as one of its terminals knows it. The cluster decides and tells every terminal, in two rounds:
 * this is what a terminal does when it is told. People hear of what is settled only.
 */
import type { Control } from "../protocol/objects.ts";
import { raiseBarrier } from "./barrier.ts";
import type { Turn } from "./events.ts";
import { releaseInput } from "./holding.ts";
import { notePresence } from "./participants.ts";
import { type Room, viewers2 } from "./room.ts";
import { keepBridge, send } from "./send.ts";
import { endTyping } from "./typing.ts";
import type { Viewer2 } from "./viewers.ts";

/** What comes late says nothing new. */
export function learnControl(room: Room, turn: Turn, control: Control): void {
  const before = room.control;
  if (control.version <= before.version) return;
  if (before.holder?.id !== control.holder?.id) room.isSeated = false;
  room.control = control;
  keepControl(room, turn);
  if (control.stage === "settled") announce(room, turn, before.holder !== null);
  else bar(room, turn);
  if (room.bridge?.shell.state === "attached") releaseInput(room, turn, room.bridge);
}

function keepControl(room: Room, turn: Turn): void {
  room.isSeatStale = true;
  if (room.bridge === null) return;
  Object.assign(room.bridge, { control: room.control, isSeated: room.isSeated });
  keepBridge(turn, room.bridge);
}

function announce(room: Room, turn: Turn, wasHeld: boolean): void {
  notePresence(room);
  if (wasHeld || room.control.holder !== null) tellControl(room, turn, viewers2(room));
}

/** What others have typed reaches the shell now or not at all: nobody's waits for the end of a paste any more. */
function bar(room: Room, turn: Turn): void {
  for (const viewer of viewers2(room)) endTyping(room, turn, viewer);
  raiseBarrier(room, turn);
}

/** To who comes, while somebody has it. */
export function showControl(room: Room, turn: Turn, viewer: Viewer2): void {
  if (room.control.holder !== null && room.control.stage === "settled") tellControl(room, turn, [viewer]);
}

function tellControl({ control }: Room, turn: Turn, viewers: readonly Viewer2[]): void {
  const to = viewers.filter(({ kind }) => kind === "terminal").map(({ id }) => id);
  send(turn, to, { type: "control", holder: control.holder });
}
