/**
 * A client's input until it is known to have arrived: numbered 1, 2, 3, ..., held while it is open, sent again only
 * where that cannot apply it twice (protocol/README.md, "Clients, version 2"). Pure; the clock is an argument.
 */
import type { ClientMessage2 } from "../../../durable-objects/protocol/client-2.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { utf8Bytes } from "./text-parts.ts";

/** Input that has no number yet. */
export type Draft = { type: "input"; data: string } | { type: "paste"; id: string; data: string; last: boolean };
export type InputMessage = Extract<ClientMessage2, { type: "input" | "paste" }>;

interface OpenInput {
  message: InputMessage;
  bytes: number;
  /** When it was sent first. */
  sentAtMs: number;
  copies: number;
}

export interface InputQueue {
  /** Takes input at the end; false when more waits than can be kept, and then nothing was taken. */
  add(drafts: readonly Draft[]): boolean;
  /** What may be sent now, in order: what is to be sent again, then what waits as far as the limit allows. */
  take(nowMs: number): InputMessage[];
  /** Everything up to `i` was handed over. */
  acknowledge(i: number): void;
  /** The server stands anew; answers what has become uncertain, which is never sent again. */
  settle(ledger: string, i: number): Draft[];
  /** These may or may not have been applied, also those that were acknowledged a moment ago. */
  forget(from: number, to: number): Draft[];
  /** Number `i` was refused for good: it will carry nothing. Answers what is uncertain because it was sent twice. */
  refuse(i: number): Draft[];
  /** Everything open is sent again by the next `take`. */
  rewind(): void;
  readonly ledger: string | null;
  /** When the oldest input that is open was sent; null when none is. */
  openSinceMs(): number | null;
}

/** More waiting input than this is not taken: three pastes of what a phone's clipboard holds. */
const mostWaitingBytes = 16 * 1024 * 1024;
/** Waiting keystrokes become one frame up to this size, so that a long cut does not end in a flood of frames. */
const mostJoinedUnits = 4_096;

export function createInputQueue(): InputQueue {
  let waiting: Draft[] = [];
  let open: OpenInput[] = [];
  /** Acknowledged a moment ago; the end of an exec may make them uncertain. */
  let settled: OpenInput[] = [];
  let ledger: string | null = null;
  let last = 0;
  let acknowledged = 0;
  /**
   * A ledger lets an author that it does not know begin at any number: if the first one were refused on the way, a
   * second one behind it would hide it. So the first goes alone.
   */
  let isAuthorKnown = false;
  /** What is open from this number on has to be sent. */
  let sendFrom = 1;

  const bytesOf = (inputs: readonly { bytes: number }[]) => inputs.reduce((sum, { bytes }) => sum + bytes, 0);

  function add(drafts: readonly Draft[]): boolean {
    const units = [...waiting, ...drafts].reduce((sum, { data }) => sum + data.length, 0);
    if (units > mostWaitingBytes) return false;
    for (const draft of drafts) join(waiting, draft);
    return true;
  }

  function take(nowMs: number): InputMessage[] {
    const again = open.filter(({ message }) => message.i >= sendFrom);
    for (const input of again) input.copies += 1;
    const fresh = number(nowMs);
    sendFrom = last + 1;
    return [...again, ...fresh].map(({ message }) => message);
  }

  function number(nowMs: number): OpenInput[] {
    const fresh: OpenInput[] = [];
    let openBytes = bytesOf(open);
    for (const draft of waiting) {
      const bytes = utf8Bytes(draft.data);
      const isAlone = open.length + fresh.length === 0;
      if (openBytes + bytes > limits.maxOpenInputBytes || !(isAuthorKnown || isAlone)) break;
      openBytes += bytes;
      last += 1;
      fresh.push({ message: { ...draft, i: last }, bytes, sentAtMs: nowMs, copies: 1 });
    }
    waiting = waiting.slice(fresh.length);
    open.push(...fresh);
    return fresh;
  }

  function acknowledge(i: number): void {
    acknowledged = Math.max(acknowledged, i);
    last = Math.max(last, i);
    isAuthorKnown ||= i > 0;
    settled = newest([...settled, ...open.filter(({ message }) => message.i <= i)]);
    open = open.filter(({ message }) => message.i > i);
  }

  function settle(nextLedger: string, i: number): Draft[] {
    const isKnown = ledger === nextLedger && i >= acknowledged;
    ledger = nextLedger;
    isAuthorKnown = i > 0;
    if (isKnown) {
      acknowledge(i);
      rewind();
      return [];
    }
    acknowledged = i;
    last = Math.max(last, i);
    settled = [];
    return loseOpen();
  }

  /** What waits goes along: the rest of a line must not run without its beginning. */
  function loseOpen(): Draft[] {
    const lost = draftsOf(open);
    open = [];
    if (lost.length === 0) return [];
    lost.push(...waiting);
    waiting = [];
    return lost;
  }

  function forget(from: number, to: number): Draft[] {
    const isMeant = ({ message }: OpenInput) => message.i >= from && message.i <= to;
    const lost = draftsOf([...settled, ...open].filter(isMeant));
    settled = settled.filter((input) => !isMeant(input));
    // Their numbers are used up only when an acknowledgement says so: until then they carry nothing.
    for (const input of open.filter(isMeant)) empty(input);
    return lost;
  }

  function refuse(i: number): Draft[] {
    const input = open.find(({ message }) => message.i === i);
    if (input === undefined) return [];
    const lost = input.copies > 1 ? draftsOf([input]) : [];
    empty(input);
    sendFrom = Math.min(sendFrom, i);
    return lost;
  }

  function rewind(): void {
    sendFrom = 1;
  }

  return {
    add,
    take,
    acknowledge,
    settle,
    forget,
    refuse,
    rewind,
    get ledger() {
      return ledger;
    },
    openSinceMs: () => open.find(({ bytes }) => bytes > 0)?.sentAtMs ?? null,
  };
}

/** Appends a draft, to the last one where both are keystrokes and fit a frame. */
function join(drafts: Draft[], draft: Draft): void {
  const end = drafts.at(-1);
  const fits = end?.type === "input" && draft.type === "input" && end.data.length + draft.data.length < mostJoinedUnits;
  if (fits) drafts[drafts.length - 1] = { type: "input", data: end.data + draft.data };
  else drafts.push(draft);
}

/** The server knows numbers without gaps, so what must not arrive becomes input of nothing. */
function empty(input: OpenInput): void {
  input.message = { type: "input", data: "", i: input.message.i };
  input.bytes = 0;
}

function draftsOf(inputs: readonly OpenInput[]): Draft[] {
  return inputs.flatMap(({ message: { i: _, ...draft }, bytes }) => (bytes > 0 ? [draft] : []));
}

/** As many of the newest as are open at most. */
function newest(inputs: OpenInput[]): OpenInput[] {
  let bytes = 0;
  let from = inputs.length;
  while (from > 0 && bytes <= limits.maxOpenInputBytes) bytes += inputs[--from]?.bytes ?? 0;
  return inputs.slice(from);
}
