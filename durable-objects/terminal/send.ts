/** How the core speaks: messages become effects here, each encoded once, however many viewers it is for. */
import type { ClientErrorCode, ServerMessage } from "../protocol/client.ts";
import type { TerminalMessage } from "../protocol/data-socket.ts";
import type { Turn } from "./events.ts";
import { type Bridge, bridgeKeepsake, type Viewer, viewerKeepsake } from "./room.ts";

export function send(turn: Turn, to: readonly string[], message: ServerMessage): void {
  if (to.length > 0) turn.effects.push({ kind: "send", to, frame: JSON.stringify(message) });
}

export function refuse(turn: Turn, viewer: Viewer, code: ClientErrorCode, message: string): void {
  send(turn, [viewer.id], { type: "error", message, code });
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
