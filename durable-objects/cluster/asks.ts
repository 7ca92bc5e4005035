/** Questions that wait for a bridge's answer. They live in memory: while one waits, so does the caller. */
import type { AnswerResult } from "../protocol/bridge-link.ts";
import { timing } from "../protocol/timing.ts";

const unavailable: AnswerResult = { kind: "failed", code: "unavailable", message: "The bridge did not answer" };

export class Asks {
  readonly #open = new Map<string, { linkId: string; answer: (result: AnswerResult) => void }>();

  /** Waits for the answer to question `id`; `unavailable` when it takes too long or the link is lost. */
  wait(id: string, linkId: string): Promise<AnswerResult> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.answer(id, linkId, unavailable), timing.askTimeoutMs);
      this.#open.set(id, {
        linkId,
        answer: (result) => {
          clearTimeout(timer);
          resolve(result);
        },
      });
    });
  }

  /** Only the link that was asked may answer, and only once. */
  answer(id: string, linkId: string, result: AnswerResult): void {
    const ask = this.#open.get(id);
    if (ask?.linkId !== linkId) return;
    this.#open.delete(id);
    ask.answer(result);
  }

  linkLost(linkId: string): void {
    for (const [id, ask] of this.#open) if (ask.linkId === linkId) this.answer(id, linkId, unavailable);
  }
}
