/** Questions of viewers of version 2 for the lines above the screen. One at a time for each; a newer one takes its place. */
import type { Turn } from "./events.ts";
import { hasEntered } from "./receipts.ts";
import type { Room } from "./room.ts";
import { keepBridge, keepViewer, refuse2, tellBridge } from "./send.ts";
import type { Viewer2 } from "./viewers.ts";

export function askForHistory(room: Room, turn: Turn, viewer: Viewer2, before: number, lines: number): void {
  const { bridge } = room;
  if (bridge === null || bridge.version === 1 || !hasEntered(viewer)) {
    refuse2(turn, viewer, "bridge_unavailable", "Nobody is there to be asked for history");
    return;
  }
  bridge.entries += 1;
  viewer.asking = bridge.entries;
  keepBridge(turn, bridge);
  keepViewer(turn, viewer);
  tellBridge(turn, bridge, { type: "history", entry: viewer.asking, before, lines });
}
