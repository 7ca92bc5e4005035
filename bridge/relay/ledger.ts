/**
 * The memory of input of one bridge process: how far each author's input has come, so that what is sent again after
 * a cut is applied once. Bounded, and whoever makes up authors at one terminal has those of others remembered: of the
 * terminal with the most authors the one that was not heard for longest is forgotten.
 */
import { limits } from "../../durable-objects/protocol/timing.ts";

/** Clients count for each terminal. */
export interface Author {
  terminal: string;
  from: string;
}

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
  /** Of each terminal by author, both in the order in which they were heard. */
  readonly #terminals = new Map<string, Map<string, Account>>();
  #authors = 0;

  constructor(name: string, maxAuthors: number = limits.maxLedgerAuthors) {
    this.name = name;
    this.#maxAuthors = maxAuthors;
  }

  /** Takes the next number of an author on; an unknown author begins anywhere. */
  accept(author: Author, i: number): Verdict {
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
  applied(author: Author, i: number): void {
    const account = this.#accountOf(author);
    if (account === undefined) this.#open(author, { accepted: i, applied: i });
    else account.applied = i;
  }

  /** How far the author's input has come; 0 for an unknown one. */
  appliedOf(author: Author): number {
    return this.#heard(author)?.applied ?? 0;
  }

  /** What was taken on and not applied never will be: its author may send it again. */
  giveUp(author: Author): void {
    const account = this.#accountOf(author);
    if (account !== undefined) account.accepted = account.applied;
  }

  #accountOf({ terminal, from }: Author): Account | undefined {
    return this.#terminals.get(terminal)?.get(from);
  }

  #heard(author: Author): Account | undefined {
    const account = this.#accountOf(author);
    if (account !== undefined) this.#putLast(author, account);
    return account;
  }

  #open(author: Author, account: Account): void {
    this.#putLast(author, account);
    this.#authors += 1;
    while (this.#authors > this.#maxAuthors) this.#forgetOne();
  }

  #putLast({ terminal, from }: Author, account: Account): void {
    const accounts = this.#terminals.get(terminal) ?? new Map<string, Account>();
    accounts.delete(from);
    accounts.set(from, account);
    this.#terminals.delete(terminal);
    this.#terminals.set(terminal, accounts);
  }

  #forgetOne(): void {
    const most = Math.max(...[...this.#terminals.values()].map((accounts) => accounts.size));
    for (const [terminal, accounts] of this.#terminals) {
      if (accounts.size < most) continue;
      const [oldest] = accounts.keys();
      if (oldest !== undefined) accounts.delete(oldest);
      if (accounts.size === 0) this.#terminals.delete(terminal);
      this.#authors -= 1;
      return;
    }
  }
}
