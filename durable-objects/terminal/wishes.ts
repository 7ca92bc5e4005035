/** What people wish of control, on its way to the cluster. */
import type { ControlWish } from "../protocol/objects.ts";
import { limits } from "../protocol/timing.ts";
import { fill } from "./bucket.ts";
import type { Turn } from "./events.ts";
import { isWritable } from "./rights.ts";
import type { Room } from "./room.ts";
import { refuse2 } from "./send.ts";
import type { Viewer, Viewer1, Viewer2 } from "./viewers.ts";

/** Each is told to all terminals of the environment, so that nobody may have too many. */
export function wishForControl(turn: Turn, viewer: Viewer2, action: "take" | "release"): void {
  if (!isWritable(viewer)) {
    refuse2(turn, viewer, "read_only", "You may only watch this terminal");
    return;
  }
  viewer.wishes = fill(viewer.wishes, turn.moment.now, limits.controlWishesPerSecond, limits.controlWishBurst);
  if (viewer.wishes.tokens < 1) {
    refuse2(turn, viewer, "rate_limited", "Control changes hands too often; try again in a second");
    return;
  }
  viewer.wishes.tokens -= 1;
  ask(turn, viewer, action);
}

/** Once for each control of others. */
export function reclaimControl(room: Room, turn: Turn, viewer: Viewer1): void {
  if (room.reclaimed === room.control.version) return;
  room.reclaimed = room.control.version;
  ask(turn, viewer, "reclaim");
}

function ask(turn: Turn, viewer: Viewer, action: ControlWish["action"]): void {
  const { id, clusterId, userId, username, access } = viewer;
  const wish = { action, user: { id: userId, name: username }, isOwner: access === "owner" };
  turn.effects.push({ kind: "ask_control", clusterId, id, wish });
}
