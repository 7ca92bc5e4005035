/** Who is at the terminal, as viewers of version 2 are told: people, not sockets; in the order they came. */
import type { Participant } from "../protocol/client-2.ts";
import { limits } from "../protocol/timing.ts";
import { fill } from "./bucket.ts";
import type { Turn } from "./events.ts";
import { type Room, viewers2 } from "./room.ts";
import { send } from "./send.ts";
import { isGreeted, type Viewer, type Viewer2 } from "./viewers.ts";

/** Somebody came, changed or hides: told when the event is dealt with. */
export function notePresence(room: Room): void {
  room.isPresenceStale = true;
}

/** Somebody went: whoever is left alone is told that. */
export function noteAbsence(room: Room): void {
  room.isPresenceStale = true;
  room.toldParticipants ??= "another";
}

/**
 * Tells what has changed to everybody, or the whole to whoever has just come. Who is alone is told nothing. A large room
 * in which much changes is told less often: what is left over goes with whatever happens next, for there are no timers.
 */
export function tellParticipants(room: Room, turn: Turn): void {
  if (!room.isPresenceStale) return;
  const people = participantsOf(room.viewers.values());
  const told = JSON.stringify(people);
  const isNews = told !== room.toldParticipants && (people.length > 1 || Boolean(room.toldParticipants));
  const all = viewers2(room);
  const isTold = !isNews || mayTell(room, turn, all.length);
  const to = isNews && isTold ? all : all.filter((viewer) => viewer.isUntold && people.length > 1);
  for (const viewer of to) viewer.isUntold = false;
  sendTo(turn, to, people);
  if (isNews && isTold) room.toldParticipants = told;
  room.isPresenceStale = !isTold;
}

function sendTo(turn: Turn, to: readonly Viewer2[], people: readonly Participant[]): void {
  const list = people.slice(0, limits.maxToldParticipants);
  send(
    turn,
    to.map((viewer) => viewer.id),
    { type: "participants", list, total: people.length },
  );
}

function mayTell(room: Room, turn: Turn, recipients: number): boolean {
  const { participantsPerSecond: perSecond, participantsBurst: burst } = limits;
  const bucket = fill(room.presence, turn.moment.now, perSecond, burst);
  const cost = Math.min(recipients, burst);
  const isAllowed = bucket.tokens >= cost;
  if (isAllowed) bucket.tokens -= cost;
  room.presence = bucket;
  return isAllowed;
}

function participantsOf(viewers: Iterable<Viewer>): Participant[] {
  const people = new Map<string, Participant>();
  for (const viewer of viewers) {
    if (viewer.kind !== "terminal" || !isGreeted(viewer)) continue;
    const { userId: id, username: name, access: role, hasControl } = viewer;
    const known = people.get(id) ?? { id, name, role, visible: false, has_control: false };
    known.visible ||= viewer.version === 1 || viewer.isVisible;
    known.has_control ||= hasControl;
    people.set(id, known);
  }
  return [...people.values()];
}
