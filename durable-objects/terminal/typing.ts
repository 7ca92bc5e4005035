/**
 * Input of viewers of version 2. It goes to the bridge with its author and number, which applies each once; while a
 * viewer is entering it is dropped, for it is sent again. The object remembers none of it.
 */
import type { ClientMessage2 } from "../protocol/client-2.ts";
import type { Bridge } from "./bridge.ts";
import type { Turn } from "./events.ts";
import { isWritable, refusalOf } from "./rights.ts";
import type { Room } from "./room.ts";
import { keepViewer, refuse2, send, tellBridge } from "./send.ts";
import { noteUse } from "./sizing.ts";
import { authorOf, type Viewer, type Viewer2 } from "./viewers.ts";
import { isHalfOpen } from "./window.ts";

type Input = Extract<ClientMessage2, { type: "input" | "paste" | "key" }>;

export function takeInput2(room: Room, turn: Turn, viewer: Viewer2, input: Input): void {
  // What carries nothing only asks how far the input has come.
  const isQuestion = input.type === "input" && input.data === "" && isWritable(viewer);
  const refusal = isQuestion ? null : refusalOf(room, viewer);
  if (refusal !== null) {
    refuse2(turn, viewer, refusal.code, refusal.message, input.i);
    if (isWritable(viewer)) passNumber(room, turn, viewer, input);
    return;
  }
  noteUse(room, turn, viewer);
  passInput(room, turn, viewer, input);
}

/** What was refused used its number up: the bridge counts it without applying anything, so that what is typed later does
 * not stand behind a gap. It also ends a paste of theirs that is under way. */
function passNumber(room: Room, turn: Turn, viewer: Viewer2, input: Input): void {
  if (room.bridge?.shell.state === "detached") return;
  passInput(room, turn, viewer, { type: "input", data: "", i: input.i });
}

function passInput(room: Room, turn: Turn, viewer: Viewer2, input: Input): void {
  noteTyped(turn, viewer);
  const { bridge } = room;
  if (bridge?.shell.state === "detached") {
    refuse2(turn, viewer, "not_running", bridge.shell.message, input.i);
    return;
  }
  if (bridge === null || viewer.standing.state === "entering") return;
  if (bridge.version === 1) handOver(turn, bridge, viewer, input);
  else tellBridge(turn, bridge, { ...wellFormed(input), from: authorOf(viewer) });
  if (input.type === "input" && isInterrupt(input.data)) hurry(turn, viewer);
}

function noteTyped(turn: Turn, viewer: Viewer2): void {
  if (viewer.hasTyped) return;
  viewer.hasTyped = true;
  keepViewer(turn, viewer);
}

/** Lone surrogates, which UTF-8 cannot carry, are replaced; what the bridge does not need to know is left out. */
function wellFormed(input: Input) {
  if (input.type === "key") return input;
  const data = input.data.toWellFormed();
  if (input.type === "paste") return { ...input, data };
  return { type: input.type, i: input.i, data };
}

/** Ctrl-C, Ctrl-\ or Ctrl-Z. */
function isInterrupt(data: string): boolean {
  return ["\u0003", "\u001c", "\u001a"].some((control) => data.includes(control));
}

/** Who interrupts and is behind does not want to see the backlog: a snapshot takes its place, though the window is full.
 * One at a time, so that it cannot grow. */
function hurry(turn: Turn, viewer: Viewer2): void {
  const { standing, window } = viewer;
  const isBehind = standing.state === "waiting" || !isHalfOpen(window);
  if (!isBehind || window.isHurried) return;
  window.isHurried = true;
  viewer.standing = { state: "waiting", asked: null, isUrgent: true };
  keepViewer(turn, viewer);
}

/** A bridge of version 1 applies what comes as it comes: its input is counted here, for as long as memory lasts. */
function handOver(turn: Turn, bridge: Bridge, viewer: Viewer2, input: Input): void {
  const { handed } = viewer;
  if (handed !== null && input.i > handed + 1) {
    const message = `Input ${input.i} was not applied: the last one was ${handed}`;
    refuse2(turn, viewer, "bad_sequence", message, input.i);
    return;
  }
  if (handed === null || input.i > handed) {
    if (input.type === "key") refuse2(turn, viewer, "bad_frame", "The cluster does not know keys by name yet", input.i);
    else tellBridge(turn, bridge, { type: "input", data: input.data.toWellFormed() });
    viewer.handed = input.i;
  }
  send(turn, [viewer.id], { type: "iack", i: viewer.handed ?? input.i });
}

/** The bridge need not wait for the rest of a paste of theirs. */
export function endTyping({ bridge }: Room, turn: Turn, viewer: Viewer): void {
  if (viewer.version === 1 || !viewer.hasTyped || bridge === null || bridge.version === 1) return;
  tellBridge(turn, bridge, { type: "left", from: authorOf(viewer) });
}
