/**
 * A log's messages from the bridge to its viewers: the log so far to those who wait for it, what is new to those
 * who have it. A viewer that is behind is told how many it missed, never given them late.
 */
import type { LogMessage } from "../protocol/client.ts";
import type { DataMessage } from "../protocol/data-socket.ts";
import type { Bridge } from "./bridge.ts";
import { explainPause, spend } from "./credit.ts";
import type { Turn } from "./events.ts";
import { type Room, viewers1 } from "./room.ts";
import { keepBridge, keepViewer, send } from "./send.ts";
import type { LogPlace, Viewer1 } from "./viewers.ts";

type Logs = Extract<DataMessage, { type: "logs" }>;

export function passLogs(room: Room, turn: Turn, bridge: Bridge, logs: Logs): void {
  if (logs.replay === undefined) passNews(room, turn, bridge, logs.messages);
  else passReplay(room, turn, bridge, logs.messages, logs.replay);
}

function passNews(room: Room, turn: Turn, bridge: Bridge, messages: LogMessage[]): void {
  const live = viewers1(room).filter((viewer) => viewer.standing.state === "live");
  deliver(turn, live, messages);
  remember(turn, bridge, messages);
}

function passReplay(
  room: Room,
  turn: Turn,
  bridge: Bridge,
  messages: LogMessage[],
  part: { begins: boolean; ends: boolean },
): void {
  if (part.begins) begin(room);
  for (const viewer of viewers1(room)) {
    if (viewer.standing.state !== "replaying") continue;
    const { unseen, skipped } = dropSeen(messages, viewer.standing.seen);
    deliver(turn, [viewer], unseen);
    viewer.standing = part.ends ? { state: "live", from: 0 } : { state: "replaying", seen: advance(skipped, unseen) };
    keepViewer(turn, viewer);
  }
  if (part.ends) remember(turn, bridge, messages);
}

function begin(room: Room): void {
  room.snapshotAsk = null;
  for (const viewer of viewers1(room)) {
    if (viewer.standing.state === "waiting") viewer.standing = { state: "replaying", seen: viewer.standing.seen };
  }
}

/** Sends each message as a frame of its own, encoded once, to all who have room for the whole batch. */
function deliver(turn: Turn, viewers: readonly Viewer1[], messages: readonly LogMessage[]): void {
  if (messages.length === 0) return;
  const frames = messages.map((message) => JSON.stringify(message));
  const characters = frames.reduce((sum, frame) => sum + frame.length, 0);
  const to: string[] = [];
  for (const viewer of viewers) {
    if (!spend(turn, viewer, characters)) leaveOut(turn, viewer, messages.length);
    else to.push(confess(turn, viewer));
  }
  if (to.length > 0) turn.effects.push(...frames.map((frame) => ({ kind: "send" as const, to, frame })));
}

function leaveOut(turn: Turn, viewer: Viewer1, count: number): void {
  if (viewer.leftOut === 0) explainPause(turn, viewer);
  viewer.leftOut += count;
}

function confess(turn: Turn, viewer: Viewer1): string {
  if (viewer.leftOut > 0) send(turn, [viewer.id], { type: "info", message: `${viewer.leftOut} lines left out` });
  viewer.leftOut = 0;
  return viewer.id;
}

/** What of the messages comes after a place. `skipped` is what is left of the place for the next part. */
function dropSeen(
  messages: readonly LogMessage[],
  seen: LogPlace | null,
): { unseen: LogMessage[]; skipped: LogPlace | null } {
  if (seen === null) return { unseen: [...messages], skipped: null };
  let count = seen.count;
  const unseen = messages.filter((message) => {
    if (message.timestamp === seen.at && count > 0) {
      count -= 1;
      return false;
    }
    return message.timestamp >= seen.at;
  });
  return { unseen, skipped: { at: seen.at, count } };
}

/** The place after some more messages. */
function advance(place: LogPlace | null, messages: readonly LogMessage[]): LogPlace | null {
  let next = place;
  for (const { timestamp } of messages) {
    next = { at: timestamp, count: next?.at === timestamp ? next.count + 1 : 1 };
  }
  return next;
}

function remember(turn: Turn, bridge: Bridge, messages: readonly LogMessage[]): void {
  bridge.told = advance(bridge.told, messages);
  keepBridge(turn, bridge);
}
