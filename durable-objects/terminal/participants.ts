/** Who is at the terminal, as viewers of version 2 are told: people, not sockets; in the order they came. */
import type { Participant } from "../protocol/client-2.ts";
import { limits } from "../protocol/timing.ts";
import { fill } from "./bucket.ts";
import type { Turn } from "./events.ts";
import { type Room, viewers2 } from "./room.ts";
import { send } from "./send.ts";
import { isGreeted, type Viewer2 } from "./viewers.ts";

/** Somebody came, changed or hides: told when the event is dealt with. */
export function notePresence(room: Room): void {
  room.isPresenceStale = true;
  room.isCrowdStale = true;
}

/** Somebody went: whoever is left alone is told that. */
export function noteAbsence(room: Room): void {
  notePresence(room);
  room.toldParticipants ??= "another";
}

/**
 * Tells what has changed of what they see to everybody, or the whole to whoever has just come. Who is alone is told nothing.
 * A large room in which much changes is told less often: what is left over goes with whatever happens next, for there are no
 * timers. Until then nobody looks who is here.
 */
export function tellParticipants(room: Room, turn: Turn): void {
  if (!room.isPresenceStale) return;
  const all = viewers2(room);
  const cost = Math.min(all.length, limits.participantsBurst);
  const bucket = fill(room.presence, turn.moment.now, limits.participantsPerSecond, limits.participantsBurst);
  room.presence = bucket;
  const mayTell = bucket.tokens >= cost;
  const newcomers = all.filter((viewer) => viewer.isUntold);
  if (!mayTell && newcomers.length === 0) return;
  const people = participantsOf(room);
  const told = JSON.stringify(people);
  const isNews = told !== room.toldParticipants && (people.total > 1 || Boolean(room.toldParticipants));
  room.isPresenceStale = isNews && !mayTell;
  if (isNews && mayTell) {
    bucket.tokens -= cost;
    room.toldParticipants = told;
    sendTo(turn, all, people);
  } else if (people.total > 1) sendTo(turn, newcomers, people);
}

function sendTo(turn: Turn, to: readonly Viewer2[], people: People): void {
  for (const viewer of to) viewer.isUntold = false;
  send(
    turn,
    to.map((viewer) => viewer.id),
    { type: "participants", ...people },
  );
}

/** As they are told: the first of them, and how many there are. */
interface People {
  list: Participant[];
  total: number;
}

function participantsOf({ viewers, control }: Room): People {
  const holder = control.stage === "settled" ? control.holder?.id : undefined;
  const people = new Map<string, Participant>();
  for (const viewer of viewers.values()) {
    if (viewer.kind !== "terminal" || !isGreeted(viewer)) continue;
    const { userId: id, username: name, access: role } = viewer;
    const known = people.get(id) ?? { id, name, role, visible: false, has_control: id === holder };
    known.visible ||= viewer.version === 1 || viewer.isVisible;
    people.set(id, known);
  }
  return { list: [...people.values()].slice(0, limits.maxToldParticipants), total: people.size };
}
