/**
 * Whether anybody is still at the other end of a channel. Nobody pings us, so we do; but a pong is missing also while input is
 * blocked or we have paused, so that one alone ends nothing. A paused channel hears nothing, so it is looked into at times.
 */
import type { ExecChannel } from "./channel.ts";

export const livenessTiming = {
  /** The server's idle timer runs four hours, a proxy's in between often a minute. */
  keepAliveEveryMs: 30_000,
  pingEveryMs: 20_000,
  silentAfterMs: 50_000,
  /** Input that is blocked so long has nobody who will ever read it. */
  blockedAfterMs: 300_000,
  /** How long a pause may last before a look. */
  pauseAtMostMs: 30_000,
} as const;

/** What this needs of a channel. */
export type LiveChannel = Pick<ExecChannel, "pendingBytes" | "keepAlive" | "ping" | "close">;

export class Liveness {
  readonly #channel: LiveChannel;
  /** Somebody has to hear what comes: the channel was paused too long. */
  readonly #onPeek: () => void;
  readonly #timers: NodeJS.Timeout[];
  #heardAt = performance.now();
  #pausedAt: number | null = null;

  constructor(channel: LiveChannel, onPeek: () => void) {
    this.#channel = channel;
    this.#onPeek = onPeek;
    this.#timers = [
      setInterval(() => channel.keepAlive(), livenessTiming.keepAliveEveryMs),
      setInterval(() => this.#look(), livenessTiming.pingEveryMs),
    ];
    this.#timers[0]?.unref();
  }

  heard(): void {
    this.#heardAt = performance.now();
  }

  paused(): void {
    this.#pausedAt ??= performance.now();
  }

  /** The time of the pause does not count as silence. */
  resumed(): void {
    if (this.#pausedAt !== null) this.#heardAt = performance.now();
    this.#pausedAt = null;
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #look(): void {
    const now = performance.now();
    if (this.#pausedAt !== null) {
      if (now - this.#pausedAt < livenessTiming.pauseAtMostMs) return;
      this.resumed();
      this.#onPeek();
    }
    // Before the ping, which itself has to be sent.
    const isBlocked = this.#channel.pendingBytes > 0;
    this.#channel.ping();
    const mostMs = isBlocked ? livenessTiming.blockedAfterMs : livenessTiming.silentAfterMs;
    if (now - this.#heardAt > mostMs) this.#channel.close();
  }
}
