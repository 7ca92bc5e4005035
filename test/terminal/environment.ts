/**
 * An environment with several terminals and one cluster, where everything that is sent is under way until the schedule lets
 * it arrive: rooms, the arbiter and what a bridge types are the real ones. The cluster's memory may end at any moment, a
 * terminal's while nothing is asked of it; a bridge may be cut.
 */
import type fc from "fast-check";
import { InputLedger } from "../../bridge/relay/ledger.ts";
import { Typing } from "../../bridge/relay/typing.ts";
import { ClusterControl } from "../../durable-objects/cluster/control.ts";
import type { TerminalMessage } from "../../durable-objects/protocol/data-socket.ts";
import type { Control } from "../../durable-objects/protocol/objects.ts";
import type { Role } from "../../durable-objects/protocol/vocabulary.ts";
import type { BridgeKeepsake } from "../../durable-objects/terminal/bridge.ts";
import type { Effect, RoomEvent } from "../../durable-objects/terminal/events.ts";
import { handle } from "../../durable-objects/terminal/handle.ts";
import { mayTypeHere } from "../../durable-objects/terminal/holder.ts";
import { newRoom, type Room, restoreRoom, viewers2 } from "../../durable-objects/terminal/room.ts";
import type { ViewerKeepsake } from "../../durable-objects/terminal/viewers.ts";
import { memoryStore } from "./world.ts";

export const environmentId = "env_of_several";

export interface Person {
  id: string;
  access: Role;
  version: 1 | 2;
}

/** What reached a shell, and who alone might type in the whole environment just then. */
export interface Applied {
  by: string;
  holder: string | null;
  /** Who was about to get it from another. */
  next: string | null;
}

export class Environment {
  now = 1_000_000;
  readonly applied: Applied[] = [];
  control: ClusterControl;
  readonly #store = memoryStore();
  readonly #schedule: fc.Scheduler;
  readonly #terminals = new Map<string, PlayedTerminal>();
  #life = 0;

  constructor(schedule: fc.Scheduler) {
    this.#schedule = schedule;
    this.control = this.#newControl();
  }

  /** The cluster's memory ends, with whatever it was in the middle of. */
  restart(): void {
    this.#life += 1;
    this.control = this.#newControl();
  }

  expire(): void {
    this.control.expire().catch(() => undefined);
  }

  terminal(id: string): PlayedTerminal {
    const terminal = this.#terminals.get(id) ?? new PlayedTerminal(id, this);
    this.#terminals.set(id, terminal);
    return terminal;
  }

  get terminals(): PlayedTerminal[] {
    return [...this.#terminals.values()];
  }

  /** Until the schedule lets it arrive. */
  travel(what: string): Promise<void> {
    return this.#schedule.schedule(Promise.resolve(), what);
  }

  /** Who has control, as far as that was settled. */
  get holder(): string | null {
    const record = this.#store.read(environmentId);
    return record?.stage === "settled" ? record.holder.id : null;
  }

  get next(): string | null {
    const record = this.#store.read(environmentId);
    return record?.stage === "passing" ? record.holder.id : null;
  }

  #newControl(): ClusterControl {
    const mine = this.#life;
    const live = () => {
      if (mine !== this.#life) throw new Error("its memory has ended");
    };
    const wanted = () => this.terminals.filter(({ isWanted }) => isWanted);
    const store = this.#store;
    const read = (id: string) => {
      live();
      return store.read(id);
    };
    return new ClusterControl(
      { ...store, read },
      {
        now: () => this.now,
        tell: async (_, control) => {
          await Promise.all(wanted().map((terminal) => this.#tell(terminal, control)));
          live();
        },
        isPresent: async (_, userId) => {
          const found = wanted().map(async ({ id }) => {
            await this.travel("question");
            return mayTypeHere(this.terminal(id).room, userId);
          });
          const isPresent = (await Promise.all(found)).includes(true);
          live();
          return isPresent;
        },
        onDue: () => {},
      },
    );
  }

  async #tell(terminal: PlayedTerminal, control: Control): Promise<void> {
    await this.travel(`control ${control.version}`);
    await terminal.learn(control);
    await this.travel("that it is known");
  }
}

export class PlayedTerminal {
  room: Room = newRoom();
  isWanted = false;
  /** Who has control, as each viewer of version 2 was told last. */
  readonly told = new Map<string, string | null>();
  readonly id: string;
  readonly #environment: Environment;
  readonly #keepsakes = new Map<string, string>();
  readonly #clients = new Map<string, number>();
  #names = 0;
  #assignments = 0;
  /** What was given to the bridge arrives in order; so do its answers. What is under way to one that is cut is lost. */
  #toBridge: Promise<void> = Promise.resolve();
  #calls: Promise<void> = Promise.resolve();
  #wishes: Promise<void> = Promise.resolve();
  #unbarred: (() => void)[] = [];
  /** The bridge's, whichever socket it has. */
  readonly #typing: Typing;
  /** Viewers that were told hello and not yet how far their input has come. */
  readonly #entering = new Set<string>();

  constructor(id: string, environment: Environment) {
    this.id = id;
    this.#environment = environment;
    const { applied } = environment;
    this.#typing = new Typing(id, new InputLedger("l"), {
      write(text) {
        const { holder, next } = environment;
        for (const by of text.split(" ").filter(Boolean)) applied.push({ by, holder, next });
      },
      onInterrupt: () => undefined,
      onHandedOver: () => undefined,
      onApplied: (from, i) => this.#answer({ type: "receipts", receipts: [{ from, i }] }),
      onGap: (from, i, after) => this.#answer({ type: "gap", from, i, after }),
      modes: () => ({ isBracketedPaste: false, isApplicationCursor: false }),
    });
  }

  join({ id: userId, access, version }: Person): string {
    this.#names += 1;
    const id = `${this.id}-${userId}-${this.#names}`;
    this.#clients.set(id, 0);
    const names = { sessionId: "ses", clusterId: "default", requestId: "r" };
    const who = { id, userId, username: userId, access, roleEnds: null };
    this.#send({
      kind: "viewer_joined",
      arrival: { viewer: { ...names, ...who, kind: "terminal", version }, greeting: [] },
    });
    if (version === 2)
      this.say(id, { type: "hello", cid: `client-${this.#names}-of-test`, cols: 80, rows: 24, visible: true });
    return id;
  }

  type(id: string, by: string): void {
    const i = (this.#clients.get(id) ?? 0) + 1;
    this.#clients.set(id, i);
    this.say(id, { type: "input", data: `${by} `, i });
  }

  /** The first part of a paste whose rest does not come. */
  paste(id: string, by: string): void {
    const i = (this.#clients.get(id) ?? 0) + 1;
    this.#clients.set(id, i);
    this.say(id, { type: "paste", id: "p", data: `${by} `, i, last: false });
  }

  say(id: string, message: object): void {
    this.#send({ kind: "viewer_frame", id, data: JSON.stringify(message) });
  }

  leave(id: string): void {
    this.#keepsakes.delete(id);
    this.#send({ kind: "viewer_left", id });
  }

  /** Its bridge is cut, and dials again. */
  cut(): void {
    const { bridge } = this.room;
    if (bridge === null) return;
    this.#keepsakes.delete(bridge.id);
    this.#send({ kind: "bridge_left", id: bridge.id });
    void this.#serve();
  }

  /** It sleeps only while nothing is asked of it. */
  hibernate(): void {
    if (this.room.barrier !== null) return;
    const kept = [...this.#keepsakes.values()].map((text): ViewerKeepsake | BridgeKeepsake => JSON.parse(text));
    this.room = restoreRoom(kept, null);
  }

  async learn(control: Control): Promise<void> {
    this.#send({ kind: "controlled", control });
    const isWaitedFor = control.stage !== "settled" && this.room.barrier !== null;
    if (isWaitedFor) await new Promise<void>((resolve) => this.#unbarred.push(resolve));
  }

  /** What the viewers that are here know of control, each of them. */
  get known(): (string | null)[] {
    return viewers2(this.room).map(({ id }) => this.told.get(id) ?? null);
  }

  #send(event: RoomEvent): void {
    const moment = { now: this.#environment.now, lastPingAt: () => null };
    for (const effect of handle(this.room, event, moment)) this.#apply(effect);
    if (this.room.barrier === null) for (const resolve of this.#unbarred.splice(0)) resolve();
  }

  #apply(effect: Effect): void {
    switch (effect.kind) {
      case "send":
        this.#hear(effect.to, JSON.parse(effect.frame));
        return;
      case "keep":
        this.#keepsakes.set(effect.keepsake.id, JSON.stringify(effect.keepsake));
        return;
      case "close_viewer":
      case "close_bridge":
        this.#keepsakes.delete(effect.id);
        return;
      case "ask_control":
        this.#ask(effect);
        return;
      case "holder_left":
        this.#call((control) => control.left(this.id, effect.userId, effect.isForGood));
        return;
      case "want":
        this.#call((control) => {
          if (!effect.isRepeated) this.#setWanted(true);
          return control.check(this.id);
        });
        return;
      case "unwant":
        this.#call((control) => {
          this.#setWanted(false);
          return control.check(this.id);
        });
        return;
      case "send_bridge":
        this.#give(effect.id, JSON.parse(effect.frame));
    }
  }

  #hear(to: readonly string[], frame: { type: string; holder?: { id: string } | null; i?: number }): void {
    for (const id of to) {
      if (frame.type === "control") this.told.set(id, frame.holder?.id ?? null);
      else if (frame.type === "hello") this.#entering.add(id);
      else if (frame.type === "iack" && this.#entering.delete(id)) this.#clients.set(id, frame.i ?? 0);
    }
  }

  #ask({ id, wish }: Extract<Effect, { kind: "ask_control" }>): void {
    const { action } = wish;
    this.#wishes = this.#wishes.then(async () => {
      await this.#environment.travel("wish");
      const answer = await this.#environment.control.ask(this.id, wish).catch(() => null);
      await this.#environment.travel("answer");
      this.#send({ kind: "control_answered", id, action, control: answer });
    });
  }

  /** One that ends with the cluster's memory is not made again. */
  #call(call: (control: ClusterControl) => Promise<void>): void {
    this.#calls = this.#calls.then(async () => {
      await this.#environment.travel("call");
      await call(this.#environment.control).catch(() => undefined);
    });
  }

  #setWanted(isWanted: boolean): void {
    this.isWanted = isWanted;
    this.#assignments += 1;
    if (isWanted) void this.#serve();
  }

  /** A bridge comes with leave that is as old as the way was long. */
  async #serve(): Promise<void> {
    const assignment = this.#assignments;
    const known = this.#environment.control.of(this.id);
    await this.#environment.travel("leave");
    if (!this.isWanted || assignment !== this.#assignments) return;
    this.#names += 1;
    const id = `${this.id}-bridge-${this.#names}`;
    const names = { tokenId: "t", clusterId: "default", bridgeId: "b", requestId: "r" };
    this.#send({
      kind: "bridge_attached",
      bridge: { id, ...names, assignment, version: 2, control: known },
    });
    this.#answer({ type: "hello", epoch: "e", gen: 0, seq: 0, cols: 80, rows: 24, ledger: "l" });
  }

  #give(bridge: string, message: TerminalMessage): void {
    this.#toBridge = this.#toBridge.then(async () => {
      await this.#environment.travel(message.type);
      if (this.room.bridge?.id === bridge) this.#carryOut(message);
    });
  }

  #carryOut(message: TerminalMessage): void {
    if (message.type === "input" || message.type === "paste") this.#typing.take(message);
    else if (message.type === "left") this.#typing.leave(message.from);
    else if (message.type === "enter") {
      const place = { epoch: "e", gen: 0, seq: 0, cols: 80, rows: 24 };
      this.#answer({ type: "entered", entry: message.entry, i: this.#typing.appliedOf(message.from), ...place });
    }
  }

  #answer(message: object): void {
    const { bridge } = this.room;
    if (bridge !== null) this.#send({ kind: "bridge_frame", id: bridge.id, data: JSON.stringify(message) });
  }
}
