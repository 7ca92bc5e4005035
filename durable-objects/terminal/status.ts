/** Whether a bridge serves the terminal and whether there is a shell, as viewers of version 2 are told it. */
import type { ServerMessage2 } from "../protocol/client-2.ts";
import type { Turn } from "./events.ts";
import { type Room, viewers2 } from "./room.ts";
import { send } from "./send.ts";
import type { Viewer2 } from "./viewers.ts";

type Status = Extract<ServerMessage2, { type: "status" }>;

const running: Status = { type: "status", bridge: "attached", shell: "running", message: null };

function statusOf(room: Room): Status {
  const shell = room.bridge?.shell ?? { state: "silent" };
  if (shell.state === "attached") return running;
  if (shell.state === "detached") return { ...running, shell: "none", message: shell.message };
  return { ...running, bridge: "away", shell: "unknown", message: room.isUnlinked ? "Waiting for the cluster" : null };
}

/** The state of things has changed. */
export function tellStatus(room: Room, turn: Turn): void {
  const to = viewers2(room).map((viewer) => viewer.id);
  send(turn, to, statusOf(room));
}

/** To one that has just come, if it has to wait. */
export function explainWait(room: Room, turn: Turn, viewer: Viewer2): void {
  const status = statusOf(room);
  if (status.shell !== "running") send(turn, [viewer.id], status);
}
