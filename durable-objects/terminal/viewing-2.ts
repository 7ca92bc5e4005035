/** What a viewer of version 2 does: says hello, types, acknowledges, says its size, and is held to its limits. */

import { pongText, type ServerMessage } from "../protocol/client.ts";
import type { ClientMessage2 } from "../protocol/client-2.ts";
import { limits } from "../protocol/timing.ts";
import { showControl } from "./control.ts";
import { enterAll, incarnationIn } from "./entering.ts";
import type { Turn } from "./events.ts";
import { isTooLong, parseClientFrame2 } from "./frames.ts";
import { removeViewer } from "./leaving.ts";
import { askForHistory } from "./looking-back.ts";
import { notePresence } from "./participants.ts";
import { placeOf } from "./places.ts";
import { choosePolicy, showPolicy } from "./policy.ts";
import { isFlooding, isWithinRate, lengthOf, noteRefused, tooManyMessages } from "./rates.ts";
import { type Room, viewers2 } from "./room.ts";
import { keepViewer, refuse2, send } from "./send.ts";
import { askForSize, changeViewer2Size } from "./sizing.ts";
import { explainWait } from "./status.ts";
import { takeInput2 } from "./typing.ts";
import { asViewer1, type Viewer2 } from "./viewers.ts";
import { acknowledge, settledBy } from "./window.ts";
import { wishForControl } from "./wishes.ts";

type Hello = Extract<ClientMessage2, { type: "hello" }>;

export function takeViewer2Frame(room: Room, turn: Turn, viewer: Viewer2, data: string | ArrayBuffer): void {
  if (isTooLong(data, limits.maxClientFrameBytes)) {
    removeViewer(room, turn, viewer, "frameTooLarge");
    return;
  }
  const message = parseClientFrame2(data);
  const isFree = message?.type === "ack" && isWorthIt(viewer, message.seq);
  if (isFree || isWithinRate(viewer, turn.moment.now, lengthOf(data))) takeMessage(room, turn, viewer, message);
  else if (viewer.standing.state === "silent") noteRefused(viewer, turn.moment.now);
  else refuse2(turn, viewer, "rate_limited", tooManyMessages, numberOf(message));
  if (isFlooding(viewer)) removeViewer(room, turn, viewer, "floodingFrames");
}

/** Acknowledgements that a client owes are as many as the output they are for; others count as frames. */
function isWorthIt({ window }: Viewer2, seq: number): boolean {
  return settledBy(window, seq) >= limits.ackLateBytes;
}

function numberOf(message: ClientMessage2 | null): number | undefined {
  return message !== null && "i" in message ? message.i : undefined;
}

function takeMessage(room: Room, turn: Turn, viewer: Viewer2, message: ClientMessage2 | null): void {
  const isSilent = viewer.standing.state === "silent";
  if (message?.type === "ping") pong(turn, viewer);
  else if (message?.type === "hello") takeHello(room, turn, viewer, message);
  else if (isSilent) refuse2(turn, viewer, "bad_hello", "The first message is hello", numberOf(message));
  else if (message === null) refuse2(turn, viewer, "bad_frame", "Failed to process message");
  else takeWord(room, turn, viewer, message);
}

function pong(turn: Turn, viewer: Viewer2): void {
  viewer.hasPingedByFrame = true;
  turn.effects.push({ kind: "send", to: [viewer.id], frame: pongText });
}

function takeWord(
  room: Room,
  turn: Turn,
  viewer: Viewer2,
  message: Exclude<ClientMessage2, { type: "hello" | "ping" }>,
): void {
  switch (message.type) {
    case "ack":
      takeAck(turn, viewer, message.seq);
      return;
    case "resize":
      changeViewer2Size(room, turn, viewer, sizeOf(message), message.visible ?? viewer.isVisible);
      return;
    case "history":
      askForHistory(room, turn, viewer, message.before ?? 0, message.lines);
      return;
    case "control":
      wishForControl(turn, viewer, message.action);
      return;
    case "policy":
      if (choosePolicy(room, turn, viewer, message)) askForSize(room, turn);
      return;
    case "input":
      if (message.a !== undefined) takeAck(turn, viewer, message.a);
      takeInput2(room, turn, viewer, message);
      return;
    case "paste":
    case "key":
      takeInput2(room, turn, viewer, message);
      return;
  }
}

function sizeOf({ cols, rows }: { cols: number; rows: number }) {
  return { cols, rows };
}

function takeAck(turn: Turn, viewer: Viewer2, seq: number): void {
  if (acknowledge(viewer.window, seq, turn.moment.now)) return;
  refuse2(turn, viewer, "bad_ack", `Byte ${seq} was never sent`);
}

/** A second hello asks to enter anew: that of a client that cannot fill a gap in its input any more. */
function takeHello(room: Room, turn: Turn, viewer: Viewer2, hello: Hello): void {
  const { standing } = viewer;
  if (standing.state !== "silent" && hello.cid !== viewer.cid) {
    refuse2(turn, viewer, "bad_hello", "This socket serves another client");
    return;
  }
  viewer.cid = hello.cid;
  viewer.ledger = hello.ledger ?? null;
  viewer.incarnation = incarnationIn(viewer.ledger);
  viewer.tabs.mark = hello.windows ?? null;
  if (viewer.kind === "logs") followLog(room, turn, viewer);
  else comeIn(room, turn, viewer, hello);
  if (standing.state === "silent") greet(room, turn, viewer, standing.greeting, hello);
  if (viewer.kind === "terminal") letEnter(room, turn, viewer);
}

/** Who comes back to a terminal that is served knows where it is, and `hello` follows: a welcome would be half of it all. */
function greet(room: Room, turn: Turn, viewer: Viewer2, greeting: readonly ServerMessage[], { position }: Hello): void {
  const isServed = room.bridge?.version === 2 && room.bridge.shell.state === "attached";
  const isBack = viewer.kind === "terminal" && position !== undefined && isServed;
  const news = greeting.filter(({ type }) => !(isBack && type === "welcome"));
  for (const message of news) send(turn, [viewer.id], message);
  showControl(room, turn, viewer);
  showPolicy(room, turn, viewer);
}

/** A log has no offsets and takes no input: from its hello on such a socket is as in version 1. */
function followLog(room: Room, turn: Turn, viewer: Viewer2): void {
  const follower = asViewer1(viewer);
  room.viewers.set(viewer.id, follower);
  keepViewer(turn, follower);
}

function comeIn(room: Room, turn: Turn, viewer: Viewer2, { cid, position, visible, ...size }: Hello): void {
  const isSame = (other: Viewer2) => other.id !== viewer.id && other.userId === viewer.userId && other.cid === cid;
  for (const other of viewers2(room).filter(isSame)) removeViewer(room, turn, other, "takenOver");
  viewer.standing = { state: "entering", at: position ?? placeOf(room, viewer) };
  viewer.entry = null;
  viewer.handed = null;
  notePresence(room);
  keepViewer(turn, viewer);
  changeViewer2Size(room, turn, viewer, sizeOf(size), visible);
}

function letEnter(room: Room, turn: Turn, viewer: Viewer2): void {
  explainWait(room, turn, viewer);
  if (room.bridge !== null) enterAll(room, turn, room.bridge);
}
