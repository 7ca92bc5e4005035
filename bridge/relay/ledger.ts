/**
 * The memory of input of one bridge process: how far each author's input has come, so that what is sent again after
 * a cut is applied once. Bounded: the author that was not heard for longest is forgotten.
 */
import { limits } from "../../durable-objects/protocol/timing.ts";

interface Account {
  /** The last number that was taken on; what waits for somebody's paste to end is not applied yet. */
  accepted: number;
  applied: number;
}

export type Verdict = { kind: "next" } | { kind: "known"; applied: number } | { kind: "gap"; after: number };

export class InputLedger {
  /** Names this memory: another process has another one. */
  readonly name: string;
  readonly #maxAuthors: number;
  /** In the order in which they were heard. */
  readonly #accounts = new Map<string, Account>();

  constructor(name: string, maxAuthors: number = limits.maxLedgerAuthors) {
    this.name = name;
    this.#maxAuthors = maxAuthors;
  }

  /** Takes the next number of an author on; an unknown author begins anywhere. */
  accept(author: string, i: number): Verdict {
    const account = this.#heard(author);
    if (account === undefined) {
      this.#open(author, { accepted: i, applied: Math.max(0, i - 1) });
      return { kind: "next" };
    }
    if (i <= account.accepted) return { kind: "known", applied: account.applied };
    if (i > account.accepted + 1) return { kind: "gap", after: account.accepted };
    account.accepted = i;
    return { kind: "next" };
  }

  /** It was handed to the terminal. */
  applied(author: string, i: number): void {
    const account = this.#accounts.get(author);
    if (account === undefined) this.#open(author, { accepted: i, applied: i });
    else account.applied = i;
  }

  /** How far the author's input has come; 0 for an unknown one. */
  appliedOf(author: string): number {
    return this.#heard(author)?.applied ?? 0;
  }

  /** What was taken on and not applied never will be: its author may send it again. */
  giveUp(author: string): void {
    const account = this.#accounts.get(author);
    if (account !== undefined) account.accepted = account.applied;
  }

  #heard(author: string): Account | undefined {
    const account = this.#accounts.get(author);
    if (account === undefined) return undefined;
    this.#accounts.delete(author);
    this.#accounts.set(author, account);
    return account;
  }

  #open(author: string, account: Account): void {
    this.#accounts.set(author, account);
    for (const oldest of this.#accounts.keys()) {
      if (this.#accounts.size <= this.#maxAuthors) return;
      this.#accounts.delete(oldest);
    }
  }
}
