/** From keys to input frames: applies the sticky modifiers and keeps frames well below the server's cap. */
import type { ClientMessage } from "../../../durable-objects/protocol/client.ts";
import {
  afterKey,
  type Latches,
  type NamedKey,
  namedKeyBytes,
  pressLatch,
  released,
  typedBytes,
} from "./sticky-keys.ts";

export interface TypingOptions {
  /** False when nothing was sent. */
  send(message: ClientMessage): boolean;
  isApplicationMode(): boolean;
  onLatches(latches: Latches): void;
}

export interface Typing {
  text(text: string): void;
  named(key: NamedKey): void;
  /** Ctrl-C, whatever is latched. */
  interrupt(): void;
  latch(modifier: keyof Latches): void;
  /** Text from elsewhere that a latch was pressed for; false while none is held. */
  latched(text: string): boolean;
  /** A whole line with its Enter; false when nothing was sent. */
  line(line: string): boolean;
}

export function createTyping({ send, isApplicationMode, onLatches }: TypingOptions): Typing {
  let latches = released;

  function hold(next: Latches): void {
    latches = next;
    onLatches(latches);
  }

  function sendAll(data: string): boolean {
    return inputParts(data).every((part) => send({ type: "input", data: part }));
  }

  /** `once` falls off with it. */
  function key(bytes: string): void {
    sendAll(bytes);
    hold(afterKey(latches));
  }

  return {
    text: (text) => key(typedBytes(text, latches)),
    named: (name) => key(namedKeyBytes(name, latches, isApplicationMode())),
    interrupt: () => key("\u0003"),
    latch: (modifier) => hold(pressLatch(latches, modifier)),
    latched(text) {
      const isMeant = latches.ctrl !== "off" || latches.alt !== "off";
      if (isMeant) key(typedBytes(text, latches));
      return isMeant;
    },
    line: (line) => sendAll(`${line}\r`),
  };
}

/** A UTF-16 unit takes at most 6 bytes in a JSON frame, so a part stays below `limits.maxClientFrameBytes`. */
const partUnits = 8_192;

/** Splits input between characters into parts that fit a frame each. */
export function inputParts(data: string): string[] {
  const parts: string[] = [];
  for (let from = 0; from < data.length; ) {
    const to = endOfPart(data, from + partUnits);
    parts.push(data.slice(from, to));
    from = to;
  }
  return parts;
}

/** The end at or before `end` that does not cut a surrogate pair. */
function endOfPart(data: string, end: number): number {
  const isPairCut = /[\ud800-\udbff]/.test(data[end - 1] ?? "") && /[\udc00-\udfff]/.test(data[end] ?? "");
  return Math.min(data.length, isPairCut ? end - 1 : end);
}
