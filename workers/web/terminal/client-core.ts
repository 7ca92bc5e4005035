/**
 * The client's side of protocol version 2 (protocol/README.md): events in, effects out, in order. It knows no socket,
 * no screen and no clock; what it is not told it does not do. Output is drawn byte after byte or replaced by a
 * snapshot, input is applied once or told to be uncertain.
 */
import type { ClientMessage2 } from "../../../durable-objects/protocol/client-2.ts";
import type { CoreEffect, CoreEvent } from "./client-events.ts";
import { type Draft, type InputMessage, pastedDrafts, typedDrafts } from "./drafts.ts";
import type { Frame2 } from "./frames-2.ts";
import { createHeldInput } from "./held-input.ts";
import { createInputQueue } from "./open-input.ts";
import { createOutputPlace } from "./output-place.ts";
import { utf8Bytes } from "./text-parts.ts";

export interface ClientCore {
  handle(event: CoreEvent, nowMs: number): CoreEffect[];
  /** When to say `due`, in milliseconds; null for never. */
  dueAtMs(): number | null;
}

/** After this long without an acknowledgement the way is slow, for people. */
const laggingAfterMs = 1_000;
/** How long to wait before input is sent again that came out of order or too fast. */
const pauseMs = { bad_sequence: 250, rate_limited: 500 } as const;

/** `cid` names this client, over all its sockets. */
export function createClientCore(cid: string): ClientCore {
  const queue = createInputQueue();
  const held = createHeldInput();
  const place = createOutputPlace();
  let effects: CoreEffect[] = [];
  /** `silent`: an open socket that was told nothing; `greeted`: hello was said; `told`: the answer came, its iack not yet. */
  let state: "away" | "silent" | "greeted" | "told" | "open" | "faulty" = "away";
  let size: { cols: number; rows: number } | null = null;
  let isVisible = true;
  let isLagging = false;
  let pausedUntilMs: number | null = null;
  let pastes = 0;
  /** Whether output was acknowledged since the last greeting: an acknowledgement on the way may be of another epoch. */
  let hasAcknowledged = false;
  /** The mark of the windows that were told last; an old server gives none. */
  let windows: string | undefined;
  /** What the server's last greeting named; it counts with the iack that follows. */
  let ledger = "";

  const send = (message: ClientMessage2) => effects.push({ kind: "send", message });

  function handle(event: CoreEvent, nowMs: number): CoreEffect[] {
    effects = [];
    take(event, nowMs);
    flush(nowMs);
    return effects;
  }

  function take(event: CoreEvent, nowMs: number): void {
    switch (event.kind) {
      case "opened":
        state = "silent";
        pausedUntilMs = null;
        greet();
        break;
      case "cut":
        state = "away";
        break;
      case "frame":
        // After a fault nothing on this socket counts any more.
        if (state !== "away" && state !== "faulty") hear(event.frame, nowMs);
        break;
      case "typed":
        add(typedDrafts(event.data));
        break;
      case "pasted":
        pastes += 1;
        add(pastedDrafts(event.text, `paste-${pastes}`));
        break;
      case "turning":
        held.begin();
        break;
      case "turned":
        turn(event.isDone);
        break;
      case "drawn":
        place.drawn(event.mark, nowMs);
        break;
      case "sized":
        size = { cols: event.cols, rows: event.rows };
        if (state === "silent") greet();
        else tellSize();
        break;
      case "seen":
        isVisible = event.isVisible;
        tellSize();
        break;
      case "due":
        break;
    }
  }

  function greet(): void {
    if (size === null) return;
    const position = place.position();
    const known = queue.ledger === null ? {} : { ledger: queue.ledger };
    state = "greeted";
    place.dialled();
    queue.dialled();
    const from = position === null ? {} : { position };
    const told = windows === undefined ? {} : { windows };
    send({ type: "hello", cid, ...size, visible: isVisible, ...from, ...known, ...told });
  }

  function tellSize(): void {
    const isGreeted = state === "greeted" || state === "told" || state === "open";
    if (isGreeted && size !== null) send({ type: "resize", ...size, visible: isVisible });
  }

  function add(drafts: readonly Draft[]): void {
    if (!queue.fits(drafts, held.units())) effects.push({ kind: "refused" });
    else if (held.isHolding) held.add(drafts);
    else queue.add(drafts);
  }

  function turn(isDone: boolean): void {
    const drafts = held.end();
    if (isDone) queue.add(drafts);
    else if (drafts.length > 0) effects.push({ kind: "returned", drafts });
  }

  function hear(frame: Frame2, nowMs: number): void {
    switch (frame.type) {
      case "hello":
        stand(frame);
        break;
      case "iack":
        settle(frame.i);
        break;
      case "output":
        if (frame.i !== undefined) queue.acknowledge(frame.i);
        draw(frame);
        break;
      case "snapshot":
        repaint(frame);
        break;
      case "size":
        place.sized(frame.gen);
        effects.push({ kind: "size", cols: frame.cols, rows: frame.rows });
        break;
      case "windows":
        windows = frame.mark;
        break;
      case "uncertain":
        tell(queue.forget(frame.from, frame.to));
        break;
      case "error":
        fail(frame, nowMs);
        break;
    }
  }

  function stand({ epoch, gen, cols, rows, ledger: nextLedger }: Extract<Frame2, { type: "hello" }>): void {
    state = "told";
    hasAcknowledged = false;
    ledger = nextLedger;
    place.stands(epoch, gen);
    effects.push({ kind: "size", cols, rows });
  }

  function settle(i: number): void {
    if (state === "told") {
      state = "open";
      tell(queue.settle(ledger, i));
      if (place.position() !== null) effects.push({ kind: "resumed" });
    } else queue.acknowledge(i);
  }

  function draw({ data, seq }: Extract<Frame2, { type: "output" }>): void {
    const mark = place.output(seq, utf8Bytes(data));
    if (mark === null) fault();
    else if (data !== "") effects.push({ kind: "draw", data, mark });
  }

  function repaint({ data, seq, gen, cols, rows }: Extract<Frame2, { type: "snapshot" }>): void {
    effects.push({ kind: "repaint", data, mark: place.snapshot(seq, gen, utf8Bytes(data)), cols, rows });
  }

  /** Without a place the next greeting is answered by a snapshot, whatever went wrong. */
  function fault(): void {
    place.lose();
    state = "faulty";
    effects.push({ kind: "redial" });
  }

  function tell(drafts: Draft[]): void {
    if (drafts.length > 0) effects.push({ kind: "uncertain", drafts });
  }

  function fail({ code, i }: Extract<Frame2, { type: "error" }>, nowMs: number): void {
    if (code === "bad_ack" && hasAcknowledged) fault();
    if (code === "bad_sequence" || code === "rate_limited") {
      pausedUntilMs = nowMs + pauseMs[code];
      // Without a number it was an acknowledgement or a size that came too fast.
      if (i === undefined) place.repeatAck(pausedUntilMs);
      else queue.answered(i);
    } else if (i !== undefined) queue.refuse(i);
  }

  function flush(nowMs: number): void {
    if (pausedUntilMs !== null && nowMs >= pausedUntilMs) pausedUntilMs = null;
    if (state === "open" && pausedUntilMs === null) for (const message of queue.take(nowMs)) sendInput(message, nowMs);
    const seq = state === "open" || state === "told" ? takeAck(nowMs, false) : null;
    if (seq !== null) send({ type: "ack", seq });
    const openSinceMs = state === "open" ? queue.openSinceMs() : null;
    const isSlow = openSinceMs !== null && nowMs >= openSinceMs + laggingAfterMs;
    if (isSlow !== isLagging) effects.push({ kind: "lagging", isLagging: isSlow });
    isLagging = isSlow;
    if (held.takeReady(queue.isIdle())) effects.push({ kind: "ready" });
  }

  function sendInput(message: InputMessage, nowMs: number): void {
    const a = message.type === "input" ? takeAck(nowMs, true) : null;
    send(message.type === "input" && a !== null ? { ...message, a } : message);
  }

  function takeAck(nowMs: number, isRiding: boolean): number | null {
    const seq = place.takeAck(nowMs, isRiding);
    hasAcknowledged ||= seq !== null;
    return seq;
  }

  return {
    handle,
    dueAtMs() {
      if (state !== "open") return state === "told" ? place.ackDueMs() : null;
      const sinceMs = queue.openSinceMs();
      const lagAtMs = sinceMs === null || isLagging ? null : sinceMs + laggingAfterMs;
      const dues = [pausedUntilMs, place.ackDueMs(), lagAtMs].filter((dueMs) => dueMs !== null);
      return dues.length === 0 ? null : Math.min(...dues);
    },
  };
}
