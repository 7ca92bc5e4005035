/** Keys by name as xterm sends them (ctlseqs, "PC-Style Function Keys"): by cursor mode and modifiers. */
import type { KeyModifier, KeyName } from "../../durable-objects/protocol/keys.ts";

/** `CSI A`, in application mode `SS3 A`, with modifiers `CSI 1 ; m A`. */
const cursorKeys: Partial<Record<KeyName, string>> = { up: "A", down: "B", right: "C", left: "D", home: "H", end: "F" };
/** `SS3 P`, with modifiers `CSI 1 ; m P`. */
const firstFunctionKeys: Partial<Record<KeyName, string>> = { f1: "P", f2: "Q", f3: "R", f4: "S" };
/** `CSI n ~`, with modifiers `CSI n ; m ~`. */
const numberedKeys: Partial<Record<KeyName, number>> = {
  insert: 2,
  delete: 3,
  page_up: 5,
  page_down: 6,
  f5: 15,
  f6: 17,
  f7: 18,
  f8: 19,
  f9: 20,
  f10: 21,
  f11: 23,
  f12: 24,
};
const plainKeys: Partial<Record<KeyName, string>> = { enter: "\r", tab: "\t", escape: "\u001b", backspace: "\u007f" };

export function encodeKey(name: KeyName, mods: readonly KeyModifier[], isApplicationCursor: boolean): string {
  const modifier = modifierOf(mods);
  const cursor = cursorKeys[name] ?? firstFunctionKeys[name];
  if (cursor !== undefined) {
    if (modifier > 1) return `\u001b[1;${modifier}${cursor}`;
    return name in firstFunctionKeys || isApplicationCursor ? `\u001bO${cursor}` : `\u001b[${cursor}`;
  }
  const number = numberedKeys[name];
  if (number !== undefined) return modifier > 1 ? `\u001b[${number};${modifier}~` : `\u001b[${number}~`;
  return encodePlain(name, mods);
}

/** Keys that are characters: Alt puts an escape before them, two have a form of their own. */
function encodePlain(name: KeyName, mods: readonly KeyModifier[]): string {
  const alt = mods.includes("alt") ? "\u001b" : "";
  if (name === "tab" && mods.includes("shift")) return `${alt}\u001b[Z`;
  if (name === "backspace" && mods.includes("ctrl")) return `${alt}\b`;
  return alt + (plainKeys[name] ?? "");
}

function modifierOf(mods: readonly KeyModifier[]): number {
  return 1 + (mods.includes("shift") ? 1 : 0) + (mods.includes("alt") ? 2 : 0) + (mods.includes("ctrl") ? 4 : 0);
}
