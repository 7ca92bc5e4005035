/**
 * What keys send: the key row's names and sticky Ctrl and Alt turned into the bytes xterm defines (ctlseqs,
 * "PC-Style Function Keys"). Pure; the row only draws the latches.
 */

/** `once` holds for the next key, `locked` until it is pressed again. */
export type Latch = "off" | "once" | "locked";

export interface Latches {
  readonly ctrl: Latch;
  readonly alt: Latch;
}

export const released: Latches = { ctrl: "off", alt: "off" };

const nextLatch: Readonly<Record<Latch, Latch>> = { off: "once", once: "locked", locked: "off" };

/** The latches after Ctrl or Alt itself was pressed: off, once, locked, off. */
export function pressLatch(latches: Latches, modifier: keyof Latches): Latches {
  return { ...latches, [modifier]: nextLatch[latches[modifier]] };
}

/** The latches after a key: `once` falls off. */
export function afterKey({ ctrl, alt }: Latches): Latches {
  return { ctrl: ctrl === "once" ? "off" : ctrl, alt: alt === "once" ? "off" : alt };
}

const esc = "\u001b";
/** Keys with a letter at the end, which DECCKM changes, and keys with a number before a tilde, which it does not. */
const letterKeys = { up: "A", down: "B", right: "C", left: "D", home: "H", end: "F" } as const;
const numberKeys = { "page-up": 5, "page-down": 6 } as const;
export type MovingKey = keyof typeof letterKeys | keyof typeof numberKeys;
export type NamedKey = "escape" | "tab" | "back-tab" | MovingKey;

/** The sequence of a named key. `isApplicationMode` is DECCKM, which changes unmodified arrows, Home and End. */
export function namedKeyBytes(key: NamedKey, latches: Latches, isApplicationMode: boolean): string {
  if (key === "escape") return withAlt(esc, latches);
  if (key === "tab") return withAlt("\t", latches);
  if (key === "back-tab") return withAlt(`${esc}[Z`, latches);
  // The parameter is 1 + Alt 2 + Ctrl 4.
  const modifier = 1 + (isHeld(latches.alt) ? 2 : 0) + (isHeld(latches.ctrl) ? 4 : 0);
  const isModified = modifier > 1;
  if (key === "page-up" || key === "page-down") return `${esc}[${numberKeys[key]}${isModified ? `;${modifier}` : ""}~`;
  if (isModified) return `${esc}[1;${modifier}${letterKeys[key]}`;
  return `${esc}${isApplicationMode ? "O" : "["}${letterKeys[key]}`;
}

/** Typed text under the latches. Only a single character is modified: a paste or a sequence passes unchanged. */
export function typedBytes(text: string, latches: Latches): string {
  if ([...text].length !== 1) return text;
  return withAlt(isHeld(latches.ctrl) ? controlOf(text) : text, latches);
}

function isHeld(latch: Latch): boolean {
  return latch !== "off";
}

function withAlt(bytes: string, latches: Latches): string {
  return isHeld(latches.alt) ? esc + bytes : bytes;
}

/** Keys whose control character is not their code & 31 (xterm's table for digits and punctuation). */
const oddControls: Readonly<Record<string, string>> = {
  " ": "\u0000",
  "2": "\u0000",
  "3": "\u001b",
  "4": "\u001c",
  "5": "\u001d",
  "6": "\u001e",
  "7": "\u001f",
  "8": "\u007f",
  "/": "\u001f",
  "-": "\u001f",
  "?": "\u007f",
  "~": "\u001e",
  "|": "\u001c",
};

function controlOf(character: string): string {
  const odd = oddControls[character];
  if (odd !== undefined) return odd;
  return /^[@-_a-z]$/.test(character) ? String.fromCharCode(character.charCodeAt(0) & 31) : character;
}
