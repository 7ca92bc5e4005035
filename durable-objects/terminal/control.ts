/**
 * Control of the environment as one of its terminals knows it. The cluster decides and tells every terminal, in two rounds:
 * this is what a terminal does when it is told. People hear of what is settled only.
 */
import type { Control } from "../protocol/objects.ts";
import { raiseBarrier } from "./barrier.ts";
import type { RoomEvent, Turn } from "./events.ts";
import { releaseInput } from "./holding.ts";
import { notePresence } from "./participants.ts";
import { type Room, viewers2 } from "./room.ts";
import { keepBridge, refuse2, send } from "./send.ts";
import { endTyping } from "./typing.ts";
import type { Viewer2 } from "./viewers.ts";

/** What comes late says nothing new. */
export function learnControl(room: Room, turn: Turn, control: Control): void {
  if (control.version <= room.control.version) return;
  room.control = control;
  if (room.bridge !== null) {
    room.bridge.control = control;
    keepBridge(turn, room.bridge);
  }
  if (control.stage === "settled") announce(room, turn);
  else bar(room, turn);
  if (room.bridge?.shell.state === "attached") releaseInput(room, turn, room.bridge);
}

function announce(room: Room, turn: Turn): void {
  notePresence(room);
  const holder = room.control.holder?.id ?? "";
  if (holder === room.toldHolder) return;
  room.toldHolder = holder;
  tellControl(room, turn, viewers2(room));
}

/** What others have typed reaches the shell now or not at all: nobody's waits for the end of a paste any more. */
function bar(room: Room, turn: Turn): void {
  for (const viewer of viewers2(room)) endTyping(room, turn, viewer);
  raiseBarrier(room, turn);
}

/**
 * What this viewer wished was dealt with. The answer is news where this terminal was not told; what was granted is told to
 * everybody anyway. What could not be asked may be wished again.
 */
export function takeControlAnswer(
  room: Room,
  turn: Turn,
  { id, action, control }: Extract<RoomEvent, { kind: "control_answered" }>,
): void {
  if (control === null) room.reclaimed = 0;
  else learnControl(room, turn, control);
  const viewer = room.viewers.get(id);
  if (viewer?.version !== 2) return;
  if (control === null) refuse2(turn, viewer, "bridge_unavailable", "Control could not be changed; try again");
  else if (action === "take" && control.holder !== null && control.holder.id !== viewer.userId)
    refuse2(turn, viewer, "not_in_control", `${control.holder.name} has taken control`);
}

/** To who comes, while somebody has it. */
export function showControl(room: Room, turn: Turn, viewer: Viewer2): void {
  if (room.control.holder !== null && room.control.stage === "settled") tellControl(room, turn, [viewer]);
}

function tellControl({ control }: Room, turn: Turn, viewers: readonly Viewer2[]): void {
  const to = viewers.filter(({ kind }) => kind === "terminal").map(({ id }) => id);
  send(turn, to, { type: "control", holder: control.holder });
}
