/** What people wish of control, on its way to the cluster and back. */
import type { ControlAnswer, ControlWish } from "../protocol/objects.ts";
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

/** What was granted everybody hears of anyway. What was not asked may be wished again. */
export function passControlAnswer(room: Room, turn: Turn, id: string, answer: ControlAnswer | null): void {
  const viewer = room.viewers.get(id);
  if (answer === null) room.reclaimed = 0;
  if (answer?.isGranted === true || viewer?.version !== 2) return;
  if (answer === null) refuse2(turn, viewer, "bridge_unavailable", "Control could not be changed; try again");
  else refuse2(turn, viewer, "not_in_control", `${answer.holder} has taken control`);
}
