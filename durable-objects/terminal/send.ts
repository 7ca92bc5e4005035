/** How the core speaks: messages become effects here, each encoded once, however many viewers it is for. */
import type { ClientErrorCode, ServerMessage } from "../protocol/client.ts";
import type { ClientErrorCode2, ServerMessage2 } from "../protocol/client-2.ts";
import type { TerminalMessage } from "../protocol/data-socket.ts";
import { type Bridge, bridgeKeepsake } from "./bridge.ts";
import type { Turn } from "./events.ts";
import { noteRefused } from "./rates.ts";
import { type Viewer, type Viewer1, type Viewer2, viewerKeepsake } from "./viewers.ts";

export function send(turn: Turn, to: readonly string[], message: ServerMessage | ServerMessage2): void {
  if (to.length > 0) turn.effects.push({ kind: "send", to, frame: JSON.stringify(message) });
}

export function refuse(turn: Turn, viewer: Viewer1, code: ClientErrorCode, message: string): void {
  noteRefused(viewer, turn.moment.now);
  send(turn, [viewer.id], { type: "error", message, code });
}

/** `i` is the number of the input that was refused, if it was input. */
export function refuse2(turn: Turn, viewer: Viewer2, code: ClientErrorCode2, message: string, i?: number): void {
  noteRefused(viewer, turn.moment.now);
  send(turn, [viewer.id], { type: "error", message, code, ...(i === undefined ? {} : { i }) });
}

export function tellBridge(turn: Turn, bridge: Bridge, message: TerminalMessage): void {
  turn.effects.push({ kind: "send_bridge", id: bridge.id, frame: JSON.stringify(message) });
}

export function keepViewer(turn: Turn, viewer: Viewer): void {
  turn.effects.push({ kind: "keep", keepsake: viewerKeepsake(viewer) });
}

export function keepBridge(turn: Turn, bridge: Bridge): void {
  turn.effects.push({ kind: "keep", keepsake: bridgeKeepsake(bridge) });
}
