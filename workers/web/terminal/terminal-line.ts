/**
 * The line to one terminal, whichever version of the protocol the server chose for a socket: version 2 is what
 * client-core.ts decides, carried out with a clock and a socket; version 1 is passed through.
 */
import { type ClientMessage, clientProtocol2 } from "../../../durable-objects/protocol/client.ts";
import type { Role } from "../../../durable-objects/protocol/vocabulary.ts";
import { listen } from "../dom.ts";
import { createClientCore } from "./client-core.ts";
import type { CoreEffect, CoreEvent } from "./client-events.ts";
import type { Draft } from "./drafts.ts";
import { type Frame, readFrame } from "./frames.ts";
import { type Frame2, readFrame2 } from "./frames-2.ts";
import { type Connection, openLiveSocket, type SocketTarget } from "./live-socket.ts";

export interface Size {
  cols: number;
  rows: number;
}

export type SizePolicy = { kind: "smallest" | "latest" | "owner" } | ({ kind: "fixed" } & Size);

export type PeopleFrame = Extract<Frame2, { type: "participants" | "control" | "policy" }>;
export type HistoryFrame = Extract<Frame2, { type: "history" }>;
export type WindowsFrame = Extract<Frame2, { type: "windows" }>;

/** What is the view's business alone. */
type Passed = Extract<
  Frame2,
  { type: "history" | "windows" | "participants" | "control" | "policy" | "status_update" | "info" }
>;
const passedOn: readonly string[] = [
  "history",
  "windows",
  "participants",
  "control",
  "policy",
  "status_update",
  "info",
] satisfies Passed["type"][];

/** A frame as the version that its socket speaks has it. */
type Heard = { type: string } & ({ version: 1; frame: Frame } | { version: 2; frame: Frame2 });

export interface TerminalLineOptions {
  target(): Promise<SocketTarget>;
  /** The screen, which does everything in order. */
  draw(data: string, done?: () => void): void;
  /** Draws a picture on a cleared screen. */
  repaint(data: string, done: () => void): void;
  /** The size the terminal has from here on; null: the screen's own. */
  resize(size: Size | null): void;
  ownSize(): Size;
  /** It is shown how the shell is. */
  onShown(): void;
  onFrame(frame: Frame | Passed): void;
  /** What one is at this terminal. */
  onRole(role: Role): void;
  onConnection(connection: Connection): void;
  /** What is typed waits for long, or no more. */
  onLagging(isLagging: boolean): void;
  /** Nobody knows whether this reached the shell. */
  onUncertain(drafts: Draft[]): void;
  /** This was typed for a window that could not be selected, and was not sent. */
  onReturned(drafts: Draft[]): void;
  /** So much waits already that this input was not taken. */
  onFull(): void;
  signal: AbortSignal;
}

export interface TerminalLine {
  /** False when nothing was sent and nothing is kept for later; version 2 keeps input until the server has it. */
  send(message: ClientMessage): boolean;
  /** Hands a paste over whole; false where the server cannot take one. */
  paste(text: string): boolean;
  /** Asks for lines above the screen; false where the server cannot answer. */
  history(before: number, lines: number): boolean;
  hasHistory(): boolean;
  /**
   * Has another window selected by `deed`, which resolves with whether it was done: after what was typed before has
   * arrived, and what is typed from now on is sent only after it.
   */
  turn(deed: () => Promise<boolean>): Promise<boolean>;
  /** Asks to be the only one who types, or no longer. */
  control(action: "take" | "release"): void;
  /** Says whose size the terminal has; its owner's choice. */
  choose(policy: SizePolicy): void;
  reopen(): void;
}

export function openTerminalLine(options: TerminalLineOptions): TerminalLine {
  const core = createClientCore(newClientId());
  /** What the last socket that was open spoke. */
  let version: 1 | 2 = 1;
  let isFallenBack = false;
  let due: ReturnType<typeof setTimeout> | undefined;
  const turns: Array<() => void> = [];
  const delays = { input: false, answer: false, bridge: false };

  const socket = openLiveSocket<Heard>({
    target: options.target,
    onOpen: opened,
    read,
    onFrame: hear,
    onConnection(connection) {
      if (connection.kind !== "live") cut();
      options.onConnection(connection);
    },
    onSilence: (isSilent) => delay("answer", isSilent),
    signal: options.signal,
  });

  function opened(protocol: string): void {
    version = protocol === clientProtocol2 ? 2 : 1;
    isFallenBack = false;
    socket.among(1);
    if (version === 2) tell({ kind: "opened" });
    else options.resize(null);
  }

  function read(data: unknown): Heard | null {
    const frame = version === 2 ? readFrame2(data) : null;
    if (frame !== null) return { type: frame.type, version: 2, frame };
    const old = readFrame(data);
    if (version === 2 && old?.type === "output") fallBack();
    return old === null || version === 2 ? null : { type: old.type, version: 1, frame: old };
  }

  /** Old servers choose whatever is offered first; output without an offset gives them away. */
  function fallBack(): void {
    version = 1;
    isFallenBack = true;
    tell({ kind: "cut" });
  }

  function hear(heard: Heard): void {
    if (heard.version === 2) hear2(heard.frame);
    else hear1(heard.frame);
  }

  function hear1(frame: Frame): void {
    if (frame.type === "output") {
      options.draw(frame.data);
      options.onShown();
    } else if (frame.type === "welcome") socket.send({ type: "resize", ...options.ownSize() });
    // An old server's answer to the greeting of version 2.
    else if (!(isFallenBack && frame.type === "error" && frame.code === "bad_frame")) options.onFrame(frame);
  }

  function hear2(frame: Frame2): void {
    tell({ kind: "frame", frame });
    if (frame.type === "status") delay("bridge", frame.bridge === "away");
    else if (frame.type === "hello") {
      delay("bridge", false);
      options.onRole(frame.role ?? "owner");
    } else if (frame.type === "error") {
      // These the core has dealt with.
      if (!["bad_sequence", "bad_ack", "rate_limited"].includes(frame.code ?? "")) options.onFrame(frame);
    } else if (frame.type === "crowd") socket.among(frame.sockets);
    if (passedOn.includes(frame.type)) options.onFrame(frame as Passed);
  }

  function cut(): void {
    tell({ kind: "cut" });
    delay("bridge", false);
  }

  function tell(event: CoreEvent): CoreEffect[] {
    const effects = core.handle(event, performance.now());
    for (const effect of effects) carryOut(effect);
    plan();
    return effects;
  }

  function plan(): void {
    clearTimeout(due);
    const dueAtMs = core.dueAtMs();
    if (dueAtMs !== null) due = setTimeout(() => tell({ kind: "due" }), Math.max(0, dueAtMs - performance.now()));
  }

  function carryOut(effect: CoreEffect): void {
    switch (effect.kind) {
      case "send":
        socket.send(effect.message);
        break;
      case "draw":
        options.draw(effect.data, () => tell({ kind: "drawn", mark: effect.mark }));
        options.onShown();
        break;
      case "repaint":
        options.resize(effect);
        options.repaint(effect.data, () => tell({ kind: "drawn", mark: effect.mark }));
        options.onShown();
        break;
      case "size":
        options.resize(effect);
        break;
      case "resumed":
        options.onShown();
        break;
      case "uncertain":
        options.onUncertain(effect.drafts);
        break;
      case "ready":
        turns.shift()?.();
        break;
      case "returned":
        options.onReturned(effect.drafts);
        break;
      case "refused":
        options.onFull();
        break;
      case "redial":
        socket.redial();
        break;
      case "lagging":
        delay("input", effect.isLagging);
        if (effect.isLagging) socket.probe();
        break;
    }
  }

  function delay(reason: keyof typeof delays, isDelayed: boolean): void {
    if (delays[reason] === isDelayed) return;
    delays[reason] = isDelayed;
    options.onLagging(Object.values(delays).includes(true));
  }

  async function turn(deed: () => Promise<boolean>): Promise<boolean> {
    await new Promise<void>((resolve) => {
      turns.push(resolve);
      tell({ kind: "turning" });
    });
    const isDone = await deed();
    tell({ kind: "turned", isDone });
    return isDone;
  }

  /** Whether the core took it. */
  const give = (event: CoreEvent) => !tell(event).some(({ kind }) => kind === "refused");

  listen(document, ["visibilitychange"], options.signal, () => tell({ kind: "seen", isVisible: !document.hidden }));
  options.signal.addEventListener("abort", () => clearTimeout(due));

  return {
    send(message) {
      if (message.type === "resize") tell({ ...message, kind: "sized" });
      if (version === 1) return socket.send(message);
      return message.type !== "input" || give({ kind: "typed", data: message.data });
    },
    paste(text) {
      if (version === 2) give({ kind: "pasted", text });
      return version === 2;
    },
    history: (before, lines) => version === 2 && socket.send({ type: "history", before, lines }),
    hasHistory: () => version === 2,
    turn: (deed) => (version === 2 ? turn(deed) : deed()),
    control(action) {
      if (version === 2) socket.send({ type: "control", action });
    },
    choose(policy) {
      if (version === 2) socket.send({ type: "policy", ...policy });
    },
    reopen: socket.reopen,
  };
}

/** Not `randomUUID`: over http, as a phone in one's own network comes, browsers have none. */
function newClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
