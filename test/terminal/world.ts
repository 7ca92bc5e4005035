/**
 * A terminal's room with everything around it played: viewers that accumulate what they see, a bridge with a
 * stream of bytes that goes on whether anybody listens, and a clock. Nothing here knows how the room decides.
 */
import { ClusterControl, type ControlRecord, type ControlStore } from "../../durable-objects/cluster/control.ts";
import { clearScreen, type ServerMessage } from "../../durable-objects/protocol/client.ts";
import type { ServerMessage2 } from "../../durable-objects/protocol/client-2.ts";
import type { CloseName } from "../../durable-objects/protocol/closes.ts";
import type { TerminalMessage } from "../../durable-objects/protocol/data-socket.ts";
import { encodeStreamFrame } from "../../durable-objects/protocol/stream-frames.ts";
import type { SocketKind } from "../../durable-objects/protocol/vocabulary.ts";
import type { BridgeKeepsake } from "../../durable-objects/terminal/bridge.ts";
import type { Effect, RoomEvent } from "../../durable-objects/terminal/events.ts";
import { handle } from "../../durable-objects/terminal/handle.ts";
import { mayTypeHere } from "../../durable-objects/terminal/holder.ts";
import { newRoom, type Room, restoreRoom } from "../../durable-objects/terminal/room.ts";
import type { Size, ViewerKeepsake } from "../../durable-objects/terminal/viewers.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const terminal = "env_played/main";

export interface SeenViewer {
  frames: (ServerMessage | ServerMessage2)[];
  closed: CloseName | null;
  pingedAt: number | null;
}

export interface DialledBridge {
  received: TerminalMessage[];
  closed: CloseName | null;
  pingedAt: number | null;
}

export type Guest = Pick<ViewerKeepsake, "access" | "roleEnds" | "username">;

export class World {
  now = 1_000_000;
  room: Room = newRoom();
  readonly viewers = new Map<string, SeenViewer>();
  readonly versions = new Map<string, 1 | 2>();
  readonly bridges = new Map<string, DialledBridge>();
  readonly keepsakes = new Map<string, string>();
  stored = "null";
  /** Whether barriers are confirmed as soon as they come. */
  isConfirming = true;
  readonly wants: string[] = [];
  readonly released: string[] = [];
  greeting: ServerMessage[] = [{ type: "info", message: "welcome" }];
  /** The cluster that decides who has control; it knows this one terminal of an environment. */
  readonly control = new ClusterControl(memoryStore(), {
    now: () => this.now,
    tell: async (_, control) => this.send({ kind: "controlled", control }),
    isPresent: async (_, userId) => {
      this.send({ kind: "looked_at" });
      return mayTypeHere(this.room, userId);
    },
    onDue: () => {},
  });
  #names = 0;
  #calls: Promise<void> = Promise.resolve();

  send(event: RoomEvent): void {
    const moment = {
      now: this.now,
      lastPingAt: (id: string) => (this.viewers.get(id) ?? this.bridges.get(id))?.pingedAt ?? null,
    };
    for (const effect of handle(this.room, event, moment)) this.#apply(effect);
  }

  join(kind: SocketKind = "terminal", version: 1 | 2 = 1, userId = "usr", guest: Partial<Guest> = {}): string {
    this.#names += 1;
    const id = `viewer-${this.#names}`;
    this.viewers.set(id, { frames: [], closed: null, pingedAt: null });
    this.versions.set(id, version);
    const viewer = {
      id,
      userId,
      username: guest.username ?? `name of ${userId}`,
      access: guest.access ?? "owner",
      roleEnds: guest.roleEnds ?? null,
      sessionId: "ses",
      clusterId: "default",
      kind,
      version,
      requestId: "r",
    } as const;
    this.send({ kind: "viewer_joined", arrival: { viewer, greeting: this.greeting } });
    return id;
  }

  say(id: string, message: unknown): void {
    this.send({ kind: "viewer_frame", id, data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  /** Until the cluster has answered whatever it was asked. */
  async settled(): Promise<void> {
    let calls: Promise<void>;
    do {
      calls = this.#calls;
      await calls;
    } while (calls !== this.#calls);
  }

  leave(id: string): void {
    this.keepsakes.delete(id);
    this.send({ kind: "viewer_left", id });
  }

  /** Who was told that its socket is closed answers that. */
  goAfterClose(id: string): void {
    this.send({ kind: "socket_gone", id });
  }

  ping(id: string): void {
    const viewer = this.viewers.get(id);
    if (viewer !== undefined) viewer.pingedAt = this.now;
  }

  dial(assignment = 1, version: 1 | 2 = 1): string {
    this.#names += 1;
    const id = `bridge-${this.#names}`;
    this.bridges.set(id, { received: [], closed: null, pingedAt: null });
    const arrival = { id, tokenId: "token", clusterId: "default", bridgeId: "b", assignment, version, requestId: "r" };
    const control = this.control.of(terminal);
    this.send({ kind: "bridge_attached", bridge: { ...arrival, control } });
    return id;
  }

  fromBridge(id: string, data: unknown): void {
    const frame = data instanceof ArrayBuffer || typeof data === "string" ? data : JSON.stringify(data);
    this.send({ kind: "bridge_frame", id, data: frame });
  }

  hello(id: string, at: { epoch: string; seq: number } & Partial<Size>): void {
    this.fromBridge(id, { type: "hello", gen: 0, cols: 80, rows: 24, ledger: "l", ...at });
  }

  output(id: string, seq: number, text: string): void {
    this.fromBridge(id, encodeStreamFrame({ kind: "output", gen: 0, seq, bytes: encoder.encode(text) }).buffer);
  }

  snapshot(id: string, seq: number, text: string, size: Size = { cols: 80, rows: 24 }): void {
    const frame = { kind: "snapshot" as const, gen: 0, seq, ...size, bytes: encoder.encode(text) };
    this.fromBridge(id, encodeStreamFrame(frame).buffer);
  }

  /** The object is gone with all its sockets, as when it is deployed. */
  deploy(): void {
    this.keepsakes.clear();
    this.room = newRoom();
    for (const peer of [...this.viewers.values(), ...this.bridges.values()]) peer.closed ??= "tryLater";
  }

  /** Memory vanishes; what was kept beside open sockets is all there is. */
  hibernate(): void {
    const kept = [...this.keepsakes.values()].map((text) => JSON.parse(text) as ViewerKeepsake | BridgeKeepsake);
    this.room = restoreRoom(kept, JSON.parse(this.stored));
  }

  seen(id: string): SeenViewer {
    const viewer = this.viewers.get(id);
    if (viewer === undefined) throw new Error(`no viewer ${id}`);
    return viewer;
  }

  types(id: string): string[] {
    return this.seen(id).frames.map((frame) => frame.type);
  }

  /** What the viewer's terminal was fed since its last repaint; null if it has had none. */
  screen(id: string): string | null {
    const text = this.seen(id)
      .frames.map((frame) => (frame.type === "output" ? frame.data : ""))
      .join("");
    const start = text.lastIndexOf(clearScreen);
    return start < 0 ? null : text.slice(start + clearScreen.length);
  }

  toBridge(id: string): TerminalMessage[] {
    return this.bridges.get(id)?.received ?? [];
  }

  #apply(effect: Effect): void {
    switch (effect.kind) {
      case "send":
        for (const id of effect.to) this.#deliver(id, effect.frame);
        return;
      case "send_bridge":
        this.#tellBridge(effect.id, JSON.parse(effect.frame));
        return;
      case "close_viewer":
      case "close_bridge": {
        const peer = this.viewers.get(effect.id) ?? this.bridges.get(effect.id);
        if (peer !== undefined) peer.closed = effect.close;
        this.keepsakes.delete(effect.id);
        return;
      }
      case "keep":
        this.keepsakes.set(effect.keepsake.id, JSON.stringify(effect.keepsake));
        return;
      case "keep_policy":
        this.stored = JSON.stringify(effect.chosen);
        return;
      case "release":
        this.released.push(effect.id);
        return;
      case "ask_control":
        this.#call(async () => {
          const { action } = effect.wish;
          const control = await this.control.ask(terminal, effect.wish);
          this.send({ kind: "control_answered", id: effect.id, action, control });
        });
        return;
      case "holder_left":
        this.#call(() => this.control.left(terminal, effect.userId, effect.isForGood));
        return;
      case "want":
        this.wants.push(effect.isRepeated ? "want again" : "want");
        this.#call(() => this.control.check(terminal));
        return;
      case "unwant":
        this.wants.push("unwant");
        this.#call(() => this.control.check(terminal));
        return;
    }
  }

  #call(call: () => Promise<void>): void {
    this.#calls = this.#calls.then(call);
  }

  /** It applies at once, and says so only where the terminal waits for it, unless a test does that. */
  #tellBridge(id: string, message: TerminalMessage): void {
    const bridge = this.bridges.get(id);
    const isBarrier = message.type === "input" && message.from?.startsWith("control:") === true;
    if (!isBarrier || !this.isConfirming) bridge?.received.push(message);
    else {
      const { from, i } = message;
      this.#call(async () => this.fromBridge(id, { type: "receipts", receipts: [{ from, i }] }));
    }
  }

  #deliver(id: string, frame: string): void {
    const viewer = this.seen(id);
    if (viewer.closed !== null) throw new Error(`${id} was sent something after its close`);
    viewer.frames.push(JSON.parse(frame));
  }
}

/** Cuts UTF-8 text at a byte offset that is a character boundary. */
export function sliceBytes(bytes: Uint8Array, from: number, to = bytes.length): string {
  return decoder.decode(bytes.subarray(from, to));
}

/** What a cluster keeps of control, for as long as the process lives. */
export function memoryStore(): ControlStore {
  const records = new Map<string, ControlRecord>();
  let version = 0;
  const dueBy = (time: number) =>
    [...records].flatMap(([id, { endsAt }]) => (endsAt !== null && endsAt <= time ? [id] : []));
  return {
    read: (id) => records.get(id) ?? null,
    write: (id, record) => void records.set(id, record),
    remove: (id) => void records.delete(id),
    dueBy,
    dueAt: () => Math.min(...[...records.values()].map(({ endsAt }) => endsAt ?? Number.POSITIVE_INFINITY)),
    version: () => version,
    nextVersion() {
      version += 1;
      return version;
    },
  };
}
