/** Keys by name: the bridge encodes them as the modes of the terminal ask for. */

export const keyNames = [
  "up",
  "down",
  "right",
  "left",
  "home",
  "end",
  "page_up",
  "page_down",
  "insert",
  "delete",
  "enter",
  "tab",
  "escape",
  "backspace",
  "f1",
  "f2",
  "f3",
  "f4",
  "f5",
  "f6",
  "f7",
  "f8",
  "f9",
  "f10",
  "f11",
  "f12",
] as const;
export type KeyName = (typeof keyNames)[number];

export const keyModifiers = ["shift", "alt", "ctrl"] as const;
export type KeyModifier = (typeof keyModifiers)[number];
