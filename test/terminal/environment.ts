/**
 * An environment with several terminals and one cluster, where everything that is sent is under way until the schedule lets
 * it arrive: rooms and the arbiter are the real ones, a bridge applies what a terminal gave it, one after the other.
 */
import type fc from "fast-check";
import { ClusterControl } from "../../durable-objects/cluster-control.ts";
import type { TerminalMessage } from "../../durable-objects/protocol/data-socket.ts";
import type { Control } from "../../durable-objects/protocol/objects.ts";
import type { Role } from "../../durable-objects/protocol/vocabulary.ts";
import type { Effect, RoomEvent } from "../../durable-objects/terminal/events.ts";
import { handle } from "../../durable-objects/terminal/handle.ts";
import { type BridgeKeepsake, newRoom, type Room, restoreRoom } from "../../durable-objects/terminal/room.ts";
import { isSeated } from "../../durable-objects/terminal/seats.ts";
import type { ViewerKeepsake } from "../../durable-objects/terminal/viewers.ts";
import { memoryStore } from "./world.ts";

export const environmentId = "env_of_several";

export interface Person {
  id: string;
  access: Role;
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
  readonly control: ClusterControl;
  readonly #store = memoryStore();
  readonly #schedule: fc.Scheduler;
  readonly #terminals = new Map<string, PlayedTerminal>();

  constructor(schedule: fc.Scheduler) {
    this.#schedule = schedule;
    this.control = new ClusterControl(this.#store, {
      now: () => this.now,
      tell: async (_, control) => {
        const wanted = [...this.#terminals.values()].filter(({ isWanted }) => isWanted);
        await Promise.all(wanted.map((terminal) => this.#tell(terminal, control)));
      },
      isSeated: async (terminal, userId) => {
        await this.travel("question");
        return isSeated(this.terminal(terminal).room, userId);
      },
      onDue: () => {},
    });
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

  async #tell(terminal: PlayedTerminal, control: Control): Promise<void> {
    await this.travel(`control ${control.version}`);
    await terminal.learn(control);
    await this.travel("that it is known");
  }
}

export class PlayedTerminal {
  room: Room = newRoom();
  isWanted = false;
  readonly id: string;
  readonly #environment: Environment;
  readonly #keepsakes = new Map<string, string>();
  readonly #clients = new Map<string, number>();
  #names = 0;
  /** What was given to the bridge arrives in order; so do its answers. */
  #toBridge: Promise<void> = Promise.resolve();
  #calls: Promise<void> = Promise.resolve();
  #unbarred: (() => void)[] = [];

  constructor(id: string, environment: Environment) {
    this.id = id;
    this.#environment = environment;
  }

  join({ id: userId, access }: Person): string {
    this.#names += 1;
    const id = `${this.id}-${userId}-${this.#names}`;
    this.#clients.set(id, 0);
    const names = { sessionId: "ses", clusterId: "default", requestId: "r" };
    const who = { id, userId, username: userId, access, roleEnds: null };
    this.#send({
      kind: "viewer_joined",
      arrival: { viewer: { ...names, ...who, kind: "terminal", version: 2 }, greeting: [] },
    });
    this.say(id, { type: "hello", cid: `client-${this.#names}-of-test`, cols: 80, rows: 24, visible: true });
    return id;
  }

  type(id: string, by: string): void {
    const i = (this.#clients.get(id) ?? 0) + 1;
    this.#clients.set(id, i);
    this.say(id, { type: "input", data: by, i });
  }

  say(id: string, message: object): void {
    this.#send({ kind: "viewer_frame", id, data: JSON.stringify(message) });
  }

  leave(id: string): void {
    this.#keepsakes.delete(id);
    this.#send({ kind: "viewer_left", id });
  }

  /** It sleeps only while nothing is asked of it. */
  hibernate(): void {
    if (this.room.isBarred) return;
    const kept = [...this.#keepsakes.values()].map((text): ViewerKeepsake | BridgeKeepsake => JSON.parse(text));
    this.room = restoreRoom(kept);
  }

  async learn(control: Control): Promise<void> {
    this.#send({ kind: "controlled", control });
    if (this.room.isBarred) await new Promise<void>((resolve) => this.#unbarred.push(resolve));
  }

  #send(event: RoomEvent): void {
    const moment = { now: this.#environment.now, lastPingAt: () => null };
    for (const effect of handle(this.room, event, moment)) this.#apply(effect);
    if (!this.room.isBarred) for (const resolve of this.#unbarred.splice(0)) resolve();
  }

  #apply(effect: Effect): void {
    const { control } = this.#environment;
    switch (effect.kind) {
      case "keep":
        this.#keepsakes.set(effect.keepsake.id, JSON.stringify(effect.keepsake));
        return;
      case "close_viewer":
      case "close_bridge":
        this.#keepsakes.delete(effect.id);
        return;
      case "ask_control":
        this.#call(async () => {
          const answer = await control.ask(this.id, effect.wish);
          await this.#environment.travel("answer");
          this.#send({ kind: "control_answered", id: effect.id, answer });
        });
        return;
      case "seat":
        this.#call(() => control.seat(this.id, effect.userId, effect.seat));
        return;
      case "want":
        if (!effect.isRepeated) this.#call(() => this.#serve());
        return;
      case "unwant":
        this.#call(async () => {
          this.isWanted = false;
          await control.emptied(this.id);
        });
        return;
      case "send_bridge":
        this.#give(effect.id, JSON.parse(effect.frame));
    }
  }

  #call(call: () => Promise<void>): void {
    this.#calls = this.#calls.then(async () => {
      await this.#environment.travel("call");
      await call();
    });
  }

  /** A bridge comes with leave that is as old as the way was long. */
  async #serve(): Promise<void> {
    const { control } = this.#environment;
    this.isWanted = true;
    void control.emptied(this.id).then(() => control.check(this.id));
    const known = control.of(this.id);
    await this.#environment.travel("leave");
    this.#names += 1;
    const id = `${this.id}-bridge-${this.#names}`;
    const names = { tokenId: "t", clusterId: "default", bridgeId: "b", requestId: "r" };
    this.#send({
      kind: "bridge_attached",
      bridge: { id, ...names, assignment: this.#names, version: 2, control: known },
    });
    this.#answer(id, { type: "hello", epoch: "e", gen: 0, seq: 0, cols: 80, rows: 24, ledger: id });
  }

  #give(bridge: string, message: TerminalMessage): void {
    this.#toBridge = this.#toBridge.then(async () => {
      await this.#environment.travel(message.type);
      this.#carryOut(bridge, message);
    });
  }

  #carryOut(bridge: string, message: TerminalMessage): void {
    if (message.type === "enter") {
      const place = { epoch: "e", gen: 0, seq: 0, cols: 80, rows: 24 };
      this.#answer(bridge, { type: "entered", entry: message.entry, i: 0, ...place });
    }
    if (message.type !== "input") return;
    const { applied, holder, next } = this.#environment;
    if (message.data !== "") applied.push({ by: message.data, holder, next });
    this.#answer(bridge, { type: "receipts", receipts: [{ from: message.from, i: message.i }] });
  }

  #answer(bridge: string, message: object): void {
    this.#send({ kind: "bridge_frame", id: bridge, data: JSON.stringify(message) });
  }
}
