/**
 * Sends the newest report, one at a time, again with jitter until it arrives. A report that is overtaken by a newer
 * one is never sent; what arrived is not sent twice unless the edge may have forgotten it.
 */
import type { ObservedEnvironment } from "../../durable-objects/protocol/bridge-api.ts";

export class Reporter {
  readonly #send: (observed: ObservedEnvironment[]) => Promise<void>;
  readonly #retryMs: () => number;
  readonly #onFailure: (error: unknown) => void;
  #newest: { text: string; observed: ObservedEnvironment[] } | null = null;
  #arrived: string | null = null;
  #isSending = false;
  #endPause = () => {};

  constructor(
    send: (observed: ObservedEnvironment[]) => Promise<void>,
    options: { retryMs: () => number; onFailure: (error: unknown) => void },
  ) {
    this.#send = send;
    this.#retryMs = options.retryMs;
    this.#onFailure = options.onFailure;
  }

  /** Reports this list, if it is not what was reported last. */
  report(observed: ObservedEnvironment[]): void {
    this.#newest = { text: JSON.stringify(observed), observed };
    void this.#work();
  }

  /** The edge may have missed something: the next report is sent whatever it says. */
  forget(): void {
    this.#arrived = null;
  }

  /** What has not arrived is not sent any more. */
  stop(): void {
    this.#newest = null;
    this.#endPause();
  }

  async #work(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#newest !== null && this.#newest.text !== this.#arrived) {
      const { text, observed } = this.#newest;
      try {
        await this.#send(observed);
        this.#arrived = text;
      } catch (error) {
        this.#onFailure(error);
        await this.#pause();
      }
    }
    this.#isSending = false;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#retryMs());
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
