/**
 * How far a client has come in the terminal's output: what may be drawn next, what was drawn, what to acknowledge.
 * Offsets count UTF-8 bytes. Pure; the clock is an argument.
 */
import type { Position } from "../../../durable-objects/protocol/data-socket.ts";
import { limits, timing } from "../../../durable-objects/protocol/timing.ts";

export interface OutputPlace {
  /** The next byte that is wanted; null while only a snapshot can help. */
  position(): Position | null;
  /** A new socket: the server knows of no acknowledgement but the position it is told. */
  dialled(): void;
  /** Where the server says the terminal stands. Another epoch or generation than ours leaves only a snapshot. */
  stands(epoch: string, gen: number): void;
  /** A size was applied: what follows belongs to this generation. */
  sized(gen: number): void;
  /** Output of so many bytes at `seq`: the mark to hand back when it was drawn, or null if it must not be drawn. */
  output(seq: number, bytes: number): number | null;
  /** The mark of a snapshot of so many bytes, after which the output goes on at `seq`. A large one is acknowledged. */
  snapshot(seq: number, gen: number, bytes: number): number;
  /** Everything up to this mark was drawn. */
  drawn(mark: number, nowMs: number): void;
  /** Forgets where it was: what was sent did not fit. */
  lose(): void;
  /** The offset to acknowledge now if it is time, or in any case if there is anything; null for none. */
  takeAck(nowMs: number, isRiding: boolean): number | null;
  /** The last acknowledgement may not have been taken: it is due again at this moment. */
  repeatAck(atMs: number): void;
  /** When an acknowledgement becomes due by itself; null for never. */
  ackDueMs(): number | null;
}

interface Mark {
  mark: number;
  seq: number;
  /** To be acknowledged when it was drawn, though no output is open. */
  isLarge: boolean;
}

export function createOutputPlace(): OutputPlace {
  let epoch: string | null = null;
  let gen = 0;
  let next: number | null = null;
  let marks: Mark[] = [];
  let lastMark = 0;
  let drawnTo: number | null = null;
  /** null: what comes first counts as acknowledged. */
  let acknowledged: number | null = null;
  let openSinceMs = 0;
  let repeatAtMs: number | null = null;

  function lose(): void {
    next = null;
    drawnTo = null;
    acknowledged = null;
    repeatAtMs = null;
    // Offsets of another epoch must not be acknowledged in this one.
    marks = [];
  }

  function markAt(seq: number, isLarge = false): number {
    next = seq;
    lastMark += 1;
    marks.push({ mark: lastMark, seq, isLarge });
    return lastMark;
  }

  const openBytes = () => Math.max(0, (drawnTo ?? 0) - (acknowledged ?? 0));

  function isDue(nowMs: number): boolean {
    const open = openBytes();
    if (repeatAtMs !== null && nowMs >= repeatAtMs) return true;
    return open >= limits.ackEveryBytes || (open >= limits.ackLateBytes && nowMs >= openSinceMs + timing.ackLateMs);
  }

  return {
    lose,
    position: () => (epoch === null || next === null ? null : { epoch, gen, seq: next }),
    dialled() {
      acknowledged = next;
    },
    stands(nextEpoch, nextGen) {
      if (epoch !== nextEpoch || gen !== nextGen) lose();
      epoch = nextEpoch;
      gen = nextGen;
    },
    sized(nextGen) {
      gen = nextGen;
    },
    output: (seq, bytes) => (seq === next ? markAt(seq + bytes) : null),
    snapshot(seq, nextGen, bytes) {
      gen = nextGen;
      acknowledged ??= seq;
      return markAt(seq, bytes >= limits.ackLateBytes);
    },
    drawn(mark, nowMs) {
      const done = marks.filter((one) => one.mark <= mark);
      marks = marks.filter((one) => one.mark > mark);
      const seq = done.at(-1)?.seq;
      if (seq === undefined) return;
      if (openBytes() === 0) openSinceMs = nowMs;
      drawnTo = seq;
      if (done.some(({ isLarge }) => isLarge)) repeatAtMs = nowMs;
    },
    takeAck(nowMs, isRiding) {
      if (drawnTo === null || !(isDue(nowMs) || (isRiding && openBytes() > 0))) return null;
      acknowledged = drawnTo;
      repeatAtMs = null;
      return drawnTo;
    },
    repeatAck(atMs) {
      repeatAtMs = drawnTo === null ? null : atMs;
    },
    ackDueMs: () => repeatAtMs ?? (openBytes() >= limits.ackLateBytes ? openSinceMs + timing.ackLateMs : null),
  };
}
