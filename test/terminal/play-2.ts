/** A terminal with clients of version 2, viewers of version 1 and one bridge, played step by step in any order. */
import fc from "fast-check";
import { expect } from "vitest";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { FakeBridge } from "./bridge-2.ts";
import { Client } from "./client-2.ts";
import { World } from "./world.ts";

const who = fc.nat(3);
const some = fc.constantFrom(1, 2, 5, Number.POSITIVE_INFINITY);
const told = fc.boolean();

function weighted<T>(weight: number, arbitrary: fc.Arbitrary<T>) {
  return { weight, arbitrary };
}
const just = <T extends string>(name: T) => fc.record({ do: fc.constant(name) });

export const step = fc.oneof(
  weighted(4, fc.record({ do: fc.constant("connect" as const), who })),
  weighted(2, fc.record({ do: fc.constant("cut" as const), who, told })),
  weighted(8, fc.record({ do: fc.constant("type" as const), who, data: fc.constantFrom("a", "ls\r", "\u0003") })),
  weighted(8, fc.record({ do: fc.constant("flushClient" as const), who, some })),
  weighted(10, fc.record({ do: fc.constant("readClient" as const), who, some })),
  weighted(4, fc.record({ do: fc.constant("tickClient" as const), who })),
  weighted(2, fc.record({ do: fc.constant("resize" as const), who, cols: fc.integer({ min: 20, max: 25 }), told })),
  weighted(6, fc.record({ do: fc.constant("emit" as const), bytes: fc.integer({ min: 1, max: 3_000 }) })),
  weighted(8, fc.record({ do: fc.constant("emit" as const), bytes: fc.integer({ min: 10_000, max: 40_000 }) })),
  weighted(10, fc.record({ do: fc.constant("flushBridge" as const), some })),
  weighted(8, fc.record({ do: fc.constant("readBridge" as const), some })),
  weighted(5, just("tickBridge")),
  weighted(2, just("dial")),
  weighted(2, fc.record({ do: fc.constant("cutBridge" as const), told })),
  weighted(1, just("restart")),
  weighted(1, just("detach")),
  weighted(1, just("attach")),
  weighted(2, just("hibernate")),
  weighted(1, just("deploy")),
  weighted(2, fc.record({ do: fc.constant("wait" as const), ms: fc.nat(6_000) })),
  weighted(1, just("join1")),
  weighted(1, just("announce")),
  weighted(2, just("settle")),
);
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

export class Play {
  readonly world = new World();
  readonly bridge = new FakeBridge(this.world);
  readonly clients = ["a", "b", "c", "d"].map((name) => new Client(this.world, name, this.#check.bind(this)));
  #printed = 0;

  /** Two clients are level; the rest is chance. */
  begin(): this {
    for (const client of this.clients.slice(0, 2)) {
      client.connect();
      client.flush();
    }
    this.bridge.dial();
    this.settle();
    return this;
  }

  run(step: Step): void {
    this.world.now += 5;
    const client = this.clients["who" in step ? step.who : 0];
    if (client !== undefined) this.#runClient(client, step);
    this.#runBridge(step);
    if (step.do === "wait") this.world.now += step.ms;
    if (step.do === "settle" || step.do === "hibernate") this.settle();
    if (step.do === "hibernate") this.#sleep();
    if (step.do === "deploy") this.world.deploy();
    if (step.do === "join1") this.world.join();
    if (step.do === "announce") {
      this.world.send({ kind: "announce", message: { type: "info", message: "to all" }, to: "all" });
    }
    for (const each of this.clients) expect(each.underWay).toBeLessThanOrEqual(limits.windowBytes);
  }

  #runClient(client: Client, step: Step): void {
    if (step.do === "connect" && client.socket === null) client.connect();
    if (step.do === "cut") client.cut(step.told);
    if (step.do === "type") client.type(step.data);
    if (step.do === "flushClient") client.flush(step.some);
    if (step.do === "readClient") client.receive(step.some);
    if (step.do === "tickClient") client.tick();
    if (step.do === "resize") client.resize(step.cols, 20, step.told);
  }

  #runBridge(step: Step): void {
    const { bridge } = this;
    if (step.do === "emit") bridge.emit(this.#text(step.bytes));
    if (step.do === "flushBridge") bridge.flush(step.some);
    if (step.do === "readBridge") bridge.receive(step.some);
    if (step.do === "tickBridge") bridge.tick();
    if (step.do === "dial") bridge.dial();
    if (step.do === "cutBridge") bridge.cut(step.told);
    if (step.do === "restart") bridge.restart();
    if (step.do === "detach") bridge.detach();
    if (step.do === "attach") bridge.attach();
  }

  /** Text that shows where it was cut or doubled. */
  #text(bytes: number): string {
    this.#printed += 1;
    return `${this.#printed},`.repeat(Math.ceil(bytes / 2)).slice(0, bytes);
  }

  /** Every frame that is under way arrives, and whatever follows from it. */
  settle(): void {
    for (let round = 0; round < 1_000; round += 1) {
      this.world.now += 100;
      for (const client of this.clients) {
        client.flush();
        client.receive();
        client.tick();
      }
      this.bridge.flush();
      this.bridge.receive();
      this.bridge.tick();
      if (!this.bridge.isBusy && !this.clients.some((client) => client.isBusy)) return;
    }
    throw new Error("it never comes to rest");
  }

  #sleep(): void {
    this.world.hibernate();
    for (const client of this.clients) client.forgetUnderWay();
  }

  /** Everybody is there, dials again when closed, and nothing is cut any more. */
  finish(): void {
    this.bridge.attach();
    for (let second = 0; second < 10; second += 1) {
      for (const client of this.clients) if (client.socket === null) client.connect();
      if (this.bridge.socket === null) this.bridge.dial();
      this.world.now += 1_000;
      this.bridge.emit(".");
      this.settle();
    }
    const { seq } = this.bridge;
    this.bridge.emit("end");
    this.settle();
    expect(this.bridge.seq).toBe(seq + 3);
    for (const viewer of this.world.room.viewers.values()) expect(JSON.stringify(viewer).length).toBeLessThan(1_500);
    for (const id of this.#oldViewers()) this.#checkOld(id);
  }

  #oldViewers(): string[] {
    return [...this.world.room.viewers.values()].flatMap((viewer) => (viewer.version === 1 ? [viewer.id] : []));
  }

  /** A viewer of version 1 shows a repaint of this epoch and every byte that followed. */
  #checkOld(id: string): void {
    const screen = this.world.screen(id) ?? "";
    const [repaint, epoch, seq] = /^<(e\d+)@(\d+)>s{1000}/.exec(screen) ?? [];
    expect(epoch).toBe(this.bridge.epoch);
    expect(screen.slice(repaint?.length)).toBe(this.bridge.streams.get(this.bridge.epoch)?.slice(Number(seq)));
  }

  #check(epoch: string, from: number, data: string): void {
    expect(this.bridge.streams.get(epoch)?.slice(from, from + data.length)).toBe(data);
  }
}
