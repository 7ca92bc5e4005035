/**
 * Who has control of each environment, over all of its terminals. Two rounds make it exclusive at every moment: first
 * all terminals learn who must not type any more, and only when that is true everywhere it holds. What concerns one environment
 * is dealt with one after the other. Knows no platform: where it is kept and who is told is given to it.
 *
 * It ends without its holder. Nobody counts them: when something says that they may have left, it is looked for them at
 * every terminal a while later, so that no word about them has to arrive.
 */
import type { Control, ControlWish } from "../protocol/objects.ts";
import { timing } from "../protocol/timing.ts";
import { parseTerminalId } from "../protocol/vocabulary.ts";

/** What is kept of an environment somebody has control of. */
export interface ControlRecord extends Control {
  holder: NonNullable<Control["holder"]>;
  /** It ends then (ms since the epoch) unless its holder is at some terminal; null: nothing says that they have left. */
  endsAt: number | null;
}

export interface ControlStore {
  read(environmentId: string): ControlRecord | null;
  write(environmentId: string, record: ControlRecord): void;
  remove(environmentId: string): void;
  /** Environments of which it ends by then (ms since the epoch). */
  dueBy(time: number): string[];
  /** When it ends first of any; infinite for never. */
  dueAt(): number;
  /** The highest version that was given out; versions of all environments count together. */
  version(): number;
  nextVersion(): number;
}

/** The rest of the world. */
export interface ControlReach {
  now(): number;
  /** Tells every wanted terminal of the environment; answers once all of them keep to it. */
  tell(environmentId: string, control: Control): Promise<void>;
  /** Whether this user is at some terminal of the environment and may type there. */
  isPresent(environmentId: string, userId: string): Promise<boolean>;
  /** `expire` is due at `dueAt()`. */
  onDue(): void;
}

export class ClusterControl {
  readonly #store: ControlStore;
  readonly #reach: ControlReach;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(store: ControlStore, reach: ControlReach) {
    this.#store = store;
    this.#reach = reach;
  }

  of(terminal: string): Control {
    const record = this.#store.read(environmentOf(terminal));
    if (record === null) return { version: this.#store.version(), holder: null, stage: "settled" };
    const { version, holder, stage } = record;
    return { version, holder, stage };
  }

  /** Answers who has it when the wish was dealt with. */
  ask(terminal: string, wish: ControlWish): Promise<Control> {
    const environmentId = environmentOf(terminal);
    return this.#inTurn(environmentId, async () => {
      if (wish.action === "take") await this.#take(environmentId, wish);
      else if (this.#mayEnd(environmentId, wish)) await this.#end(environmentId);
      return this.of(terminal);
    });
  }

  /** The last socket of who has it has left this terminal; for good: they will not dial again. */
  left(terminal: string, userId: string, isForGood: boolean): Promise<void> {
    const environmentId = environmentOf(terminal);
    return this.#inTurn(environmentId, async () => {
      const record = this.#store.read(environmentId);
      if (record?.holder.id !== userId) return;
      const isOver = isForGood && !(await this.#reach.isPresent(environmentId, userId));
      if (isOver) await this.#end(environmentId);
      else this.#doubt(environmentId, record);
    });
  }

  /** Something has happened after which its holder may be nowhere, though nobody saw them leave, as when a deploy cut all. */
  check(terminal: string): Promise<void> {
    const environmentId = environmentOf(terminal);
    if (this.#store.read(environmentId) === null) return Promise.resolve();
    return this.#inTurn(environmentId, () => this.#check(environmentId));
  }

  /** Ends the control of those who did not come back. */
  async expire(): Promise<void> {
    const due = this.#store.dueBy(this.#reach.now());
    await Promise.all(due.map((environmentId) => this.#inTurn(environmentId, () => this.#expireOne(environmentId))));
  }

  /** When `expire` has something to do; infinite for never. */
  dueAt(): number {
    return this.#store.dueAt();
  }

  /** The environment is gone. */
  forget(environmentId: string): Promise<void> {
    return this.#inTurn(environmentId, async () => this.#store.remove(environmentId));
  }

  /** Only the owner takes it from somebody. */
  async #take(environmentId: string, { user, isOwner }: ControlWish): Promise<void> {
    const record = this.#store.read(environmentId);
    if (record?.holder.id === user.id) return;
    if (record !== null && !isOwner) return this.#check(environmentId);
    const next = {
      version: this.#store.nextVersion(),
      holder: user,
      stage: record === null ? "coming" : "passing",
    } as const;
    this.#doubt(environmentId, { ...next, endsAt: null });
    await this.#settle(environmentId);
  }

  #mayEnd(environmentId: string, { action, user, isOwner }: ControlWish): boolean {
    const holder = this.#store.read(environmentId)?.holder;
    if (holder === undefined) return false;
    const isTheirs = holder.id === user.id;
    return action === "release" ? isTheirs : isOwner && !isTheirs;
  }

  /** The second round. A record that is not settled at the beginning of a turn was left so by an end of the memory. */
  async #settle(environmentId: string): Promise<void> {
    const record = this.#store.read(environmentId);
    if (record === null || record.stage === "settled") return;
    await this.#reach.tell(environmentId, controlIn(record));
    const settled = { ...record, version: this.#store.nextVersion(), stage: "settled" } as const;
    this.#store.write(environmentId, settled);
    await this.#reach.tell(environmentId, controlIn(settled));
  }

  async #end(environmentId: string): Promise<void> {
    this.#store.remove(environmentId);
    await this.#reach.tell(environmentId, { version: this.#store.nextVersion(), holder: null, stage: "settled" });
  }

  async #check(environmentId: string): Promise<void> {
    const record = this.#store.read(environmentId);
    if (record === null || record.endsAt !== null) return;
    if (!(await this.#reach.isPresent(environmentId, record.holder.id))) this.#doubt(environmentId, record);
  }

  /** Whoever has it may be gone: they have so long to come back. */
  #doubt(environmentId: string, record: ControlRecord): void {
    this.#store.write(environmentId, { ...record, endsAt: this.#reach.now() + timing.controlKeptMs });
    this.#reach.onDue();
  }

  async #expireOne(environmentId: string): Promise<void> {
    const record = this.#store.read(environmentId);
    if (record === null || record.endsAt === null || record.endsAt > this.#reach.now()) return;
    const isPresent = await this.#reach.isPresent(environmentId, record.holder.id);
    if (isPresent) this.#store.write(environmentId, { ...record, endsAt: null });
    else await this.#end(environmentId);
  }

  /** After whatever goes on for this environment. What fails is told to who asked, and keeps nobody else from it. */
  async #inTurn<T>(environmentId: string, deed: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(environmentId) ?? Promise.resolve();
    const turn = before.then(() => this.#settle(environmentId)).then(deed);
    const over = turn.catch(() => undefined);
    this.#turns.set(environmentId, over);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(environmentId) === over) this.#turns.delete(environmentId);
    }
  }
}

function environmentOf(terminal: string): string {
  return parseTerminalId(terminal).environmentId;
}

function controlIn({ version, holder, stage }: ControlRecord): Control {
  return { version, holder, stage };
}
