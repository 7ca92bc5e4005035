/**
 * Who has control of each environment, over all of its terminals. Two rounds make it exclusive at every moment: first
 * all terminals learn who must not type any more, and only when that is true everywhere it holds. Wishes for one environment
 * are dealt with one after the other. Knows no platform: where it is kept and who is told is given to it.
 */
import type { Control, ControlAnswer, ControlWish } from "./protocol/objects.ts";
import { timing } from "./protocol/timing.ts";
import { parseTerminalId } from "./protocol/vocabulary.ts";

/** What is kept of an environment somebody has control of. */
export interface ControlRecord extends Control {
  holder: NonNullable<Control["holder"]>;
  /** The terminals where its holder is. */
  seats: string[];
  /** With no seat: when it ends, ms since the epoch. */
  endsAt: number;
}

export interface ControlStore {
  read(environmentId: string): ControlRecord | null;
  write(environmentId: string, record: ControlRecord | null): void;
  all(): [environmentId: string, record: ControlRecord][];
  /** The highest version that was given out. */
  version(): number;
  setVersion(version: number): void;
}

/** The rest of the world. */
export interface ControlReach {
  now(): number;
  /** Tells every wanted terminal of the environment; answers once all of them keep to it. */
  tell(environmentId: string, control: Control): Promise<void>;
  /** Whether this user is at the terminal and may type. */
  isSeated(terminal: string, userId: string): Promise<boolean>;
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

  ask(terminal: string, wish: ControlWish): Promise<ControlAnswer> {
    const environmentId = environmentOf(terminal);
    return this.#inTurn(environmentId, async () => {
      if (wish.action === "take") return this.#take(environmentId, wish);
      const holder = this.#store.read(environmentId)?.holder;
      const isTheirs = holder?.id === wish.user.id;
      const ends = holder !== undefined && (wish.action === "release" ? isTheirs : !isTheirs && wish.isOwner);
      if (ends) await this.#end(environmentId);
      return { isGranted: true, holder: "" };
    });
  }

  seat(terminal: string, userId: string, seat: "here" | "away" | "gone_for_good"): Promise<void> {
    const environmentId = environmentOf(terminal);
    return this.#inTurn(environmentId, async () => {
      const record = this.#store.read(environmentId);
      if (record?.holder.id !== userId) return;
      const others = record.seats.filter((each) => each !== terminal);
      this.#setSeats(environmentId, record, seat === "here" ? [...others, terminal] : others);
      if (seat === "gone_for_good" && others.length === 0) await this.#end(environmentId);
    });
  }

  /** Nobody is at this terminal, or somebody is again: then who was there before an accident may be nowhere. */
  emptied(terminal: string): Promise<void> {
    const environmentId = environmentOf(terminal);
    if (this.#store.read(environmentId) === null) return Promise.resolve();
    return this.#inTurn(environmentId, async () => {
      const record = this.#store.read(environmentId);
      if (record?.seats.includes(terminal) !== true) return;
      const others = record.seats.filter((each) => each !== terminal);
      this.#setSeats(environmentId, record, others);
    });
  }

  /** Looks where its holder really is, e.g. after a deploy cut everybody. */
  check(terminal: string): Promise<void> {
    const environmentId = environmentOf(terminal);
    if (this.#store.read(environmentId) === null) return Promise.resolve();
    return this.#inTurn(environmentId, () => this.#check(environmentId));
  }

  /** Ends the control of those who did not come back. */
  async expire(): Promise<void> {
    const due = this.#store.all().filter(([, record]) => dueAtOf(record) <= this.#reach.now());
    await Promise.all(due.map(([environmentId]) => this.#inTurn(environmentId, () => this.#expireOne(environmentId))));
  }

  async #expireOne(environmentId: string): Promise<void> {
    const record = this.#store.read(environmentId);
    if (record !== null && dueAtOf(record) <= this.#reach.now()) await this.#end(environmentId);
  }

  /** When `expire` has something to do; infinite for never. */
  dueAt(): number {
    return Math.min(...this.#store.all().map(([, record]) => dueAtOf(record)));
  }

  /** The environment is gone. */
  forget(environmentId: string): void {
    this.#store.write(environmentId, null);
  }

  async #take(environmentId: string, { user, isOwner }: ControlWish): Promise<ControlAnswer> {
    const record = this.#store.read(environmentId);
    const granted = { isGranted: true, holder: user.name };
    if (record?.holder.id === user.id) return granted;
    if (record !== null && !isOwner) {
      await this.#check(environmentId);
      return { isGranted: false, holder: record.holder.name };
    }
    this.#write(environmentId, {
      version: this.#nextVersion(),
      holder: user,
      stage: record === null ? "coming" : "passing",
      seats: [],
      endsAt: this.#reach.now() + timing.controlKeptMs,
    });
    this.#reach.onDue();
    await this.#settle(environmentId);
    return granted;
  }

  /** The second round. A record that is not settled at the beginning of a turn was left so by an end of the memory. */
  async #settle(environmentId: string): Promise<void> {
    const record = this.#store.read(environmentId);
    if (record === null || record.stage === "settled") return;
    await this.#tell(environmentId, record);
    const settled = { ...record, version: this.#nextVersion(), stage: "settled" } as const;
    // Deleted while the terminals were told.
    if (this.#store.read(environmentId) === null) return;
    this.#write(environmentId, settled);
    await this.#tell(environmentId, settled);
  }

  async #end(environmentId: string): Promise<void> {
    this.#store.write(environmentId, null);
    await this.#reach.tell(environmentId, { version: this.#nextVersion(), holder: null, stage: "settled" });
  }

  async #check(environmentId: string): Promise<void> {
    const record = this.#store.read(environmentId);
    if (record === null) return;
    const found = await Promise.all(record.seats.map((seat) => this.#reach.isSeated(seat, record.holder.id)));
    const current = this.#store.read(environmentId);
    if (current?.version !== record.version) return;
    this.#setSeats(
      environmentId,
      record,
      record.seats.filter((_, index) => found[index]),
    );
  }

  /** Whose last seat is gone has so long to come back. */
  #setSeats(environmentId: string, record: ControlRecord, seats: string[]): void {
    const isLeft = record.seats.length > 0 && seats.length === 0;
    const endsAt = isLeft ? this.#reach.now() + timing.controlKeptMs : record.endsAt;
    this.#write(environmentId, { ...record, seats, endsAt });
    if (isLeft) this.#reach.onDue();
  }

  #write(environmentId: string, record: ControlRecord): void {
    this.#store.write(environmentId, record);
  }

  #tell(environmentId: string, { version, holder, stage }: Control): Promise<void> {
    return this.#reach.tell(environmentId, { version, holder, stage });
  }

  #nextVersion(): number {
    const version = this.#store.version() + 1;
    this.#store.setVersion(version);
    return version;
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

function dueAtOf({ seats, endsAt }: ControlRecord): number {
  return seats.length === 0 ? endsAt : Number.POSITIVE_INFINITY;
}
