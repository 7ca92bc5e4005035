/**
 * A client's input until it is known to have arrived: numbered 1, 2, 3, ..., held while it is open, sent again only
 * where that cannot apply it twice (protocol/README.md, "Clients, version 2"). Pure; the clock is an argument.
 *
 * A number that is on its way must never be sent again: between the two copies another ledger could take over, which
 * takes the second for the first. So after an error nothing is sent until the last message sent was answered by one
 * too, and where the server may have dropped input in silence, a number that carries nothing asks whether it did.
 */
import { limits } from "../../../durable-objects/protocol/timing.ts";
import {
  appendDraft,
  type Draft,
  draftsOf,
  emptyInput,
  type InputMessage,
  makeEmpty,
  newestInputs,
  type OpenInput,
  totalBytes,
} from "./drafts.ts";
import { utf8Bytes } from "./text-parts.ts";

export interface InputQueue {
  /** Whether so much more can be kept, beside `others` UTF-16 units. */
  fits(drafts: readonly Draft[], others: number): boolean;
  /** Takes input at the end. */
  add(drafts: readonly Draft[]): void;
  /** What may be sent now, in order: what is to be sent again, then what waits as far as the limit allows. */
  take(nowMs: number): InputMessage[];
  /** A new socket: whatever was on its way is not any more. */
  dialled(): void;
  /** Everything up to `i` was handed over. */
  acknowledge(i: number): void;
  /** The server stands anew; answers what has become uncertain, which is never sent again. */
  settle(ledger: string, i: number): Draft[];
  /** These may or may not have been applied, also those that were acknowledged a moment ago. */
  forget(from: number, to: number): Draft[];
  /** Number `i` was not applied and is to be sent again. */
  answered(i: number): void;
  /** Number `i` was refused for good: it will carry nothing. */
  refuse(i: number): void;
  readonly ledger: string | null;
  /** Whether nothing waits and nothing is open. */
  isIdle(): boolean;
  /** When the oldest input that is open was sent; null when none is. */
  openSinceMs(): number | null;
}

/** More waiting input than this, in UTF-16 units, is not taken: memory of a phone. */
const mostWaitingUnits = 16 * 1024 * 1024;

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
  /** The last one sent on this socket. */
  let latest: OpenInput | null = null;
  let isHeld = false;
  let isProbing = false;
  let isFirstGreeting = true;

  const numberOf = (i: number) => open.find(({ message }) => message.i === i);

  function fits(drafts: readonly Draft[], others: number): boolean {
    return [...waiting, ...drafts].reduce((sum, { data }) => sum + data.length, others) <= mostWaitingUnits;
  }

  function add(drafts: readonly Draft[]): void {
    for (const draft of drafts) appendDraft(waiting, draft);
  }

  function take(nowMs: number): InputMessage[] {
    const carriesNothing = waiting.length === 0 && !isProbing && open.every(({ bytes }) => bytes === 0);
    // Where there is no shell every number is refused: what carries nothing goes with the next that does.
    if (isHeld || carriesNothing) return [];
    if (sendFrom <= acknowledged + 1 && isAuthorKnown) fillGaps(nowMs);
    const again = open.filter(({ message }) => message.i >= sendFrom);
    const fresh = numbered(nowMs);
    if (isProbing && again.length + fresh.length === 0) fresh.push(openNext(emptyInput(last + 1, nowMs)));
    isProbing = false;
    sendFrom = last + 1;
    const sent = [...again, ...fresh];
    for (const input of sent) input.onWay += 1;
    latest = sent.at(-1) ?? latest;
    return sent.map(({ message }) => message);
  }

  /** Numbers whose input was told to be uncertain: the ledger may still wait for them, so they are sent as nothing. */
  function fillGaps(nowMs: number): void {
    for (let i = acknowledged + 1; i <= last; i += 1) {
      const at = i - acknowledged - 1;
      if (open[at]?.message.i !== i) open.splice(at, 0, emptyInput(i, nowMs));
    }
  }

  function numbered(nowMs: number): OpenInput[] {
    const fresh: OpenInput[] = [];
    let openBytes = totalBytes(open);
    for (const draft of waiting) {
      const bytes = utf8Bytes(draft.data);
      openBytes += bytes;
      if (openBytes > limits.maxOpenInputBytes || !(isAuthorKnown || totalBytes(open) === 0)) break;
      fresh.push(openNext({ message: { ...draft, i: last + 1 }, bytes, sentAtMs: nowMs, onWay: 0 }));
    }
    waiting = waiting.slice(fresh.length);
    return fresh;
  }

  function openNext(input: OpenInput): OpenInput {
    last = input.message.i;
    open.push(input);
    return input;
  }

  function acknowledge(i: number): void {
    acknowledged = Math.max(acknowledged, i);
    last = Math.max(last, i);
    isAuthorKnown ||= i > 0;
    settled = newestInputs([...settled, ...open.filter(({ message }) => message.i <= i)]);
    open = open.filter(({ message }) => message.i > i);
    if (isHeld) releaseIfAnswered();
  }

  function settle(nextLedger: string, i: number): Draft[] {
    const isKnown = ledger === nextLedger && i >= acknowledged;
    const wasOnWay = !isFirstGreeting && open.some(({ onWay }) => onWay > 0);
    ledger = nextLedger;
    isAuthorKnown = i > 0;
    isFirstGreeting = false;
    isHeld = false;
    sendFrom = 1;
    if (!isKnown || (wasOnWay && !isAuthorKnown)) return startOver(i);
    acknowledge(i);
    if (open.length > 0 && wasOnWay) probe();
    return [];
  }

  /** Asks whether what was on its way has arrived; the answer to the last number is one for all. */
  function probe(): void {
    isProbing = true;
    sendFrom = last + 1;
  }

  /** Counting goes on. What waits is lost along: the rest of a line must not run without its beginning. */
  function startOver(i: number): Draft[] {
    acknowledged = i;
    last = Math.max(last, i);
    settled = [];
    latest = null;
    const lost = draftsOf(open);
    open = [];
    return lost.length === 0 ? [] : [...lost, ...waiting.splice(0)];
  }

  function forget(from: number, to: number): Draft[] {
    const isMeant = ({ message }: OpenInput) => message.i >= from && message.i <= to;
    const lost = draftsOf([...settled, ...open].filter(isMeant));
    settled = settled.filter((input) => !isMeant(input));
    // Only an acknowledgement says that their numbers are used up.
    for (const input of open.filter(isMeant)) makeEmpty(input);
    return lost;
  }

  function answered(i: number): void {
    const input = numberOf(i);
    if (input === undefined) return;
    input.onWay -= 1;
    isHeld = true;
    releaseIfAnswered();
  }

  function releaseIfAnswered(): void {
    if (latest !== null && latest.onWay > 0 && open.includes(latest)) return;
    isHeld = false;
    sendFrom = 1;
  }

  function refuse(i: number): void {
    const input = numberOf(i);
    if (input !== undefined) makeEmpty(input);
    answered(i);
  }

  return {
    fits,
    add,
    take,
    dialled() {
      for (const input of open) input.onWay = 0;
      latest = null;
      isHeld = false;
      isProbing = false;
      isFirstGreeting = true;
    },
    acknowledge,
    settle,
    forget,
    answered,
    refuse,
    get ledger() {
      return ledger;
    },
    isIdle: () => waiting.length === 0 && open.every(({ bytes }) => bytes === 0),
    openSinceMs: () => open.find(({ bytes }) => bytes > 0)?.sentAtMs ?? null,
  };
}
