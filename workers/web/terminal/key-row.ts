/** The keys a phone's keyboard lacks. Pressing one never takes the focus, so the soft keyboard stays as it is. */
import { el } from "../dom.ts";
import { type IconName, icon } from "../icons.ts";
import type { Latches, NamedKey } from "./sticky-keys.ts";

export interface KeyRowOptions {
  onNamedKey(key: NamedKey): void;
  onText(text: string): void;
  onLatch(modifier: keyof Latches): void;
}

export interface KeyRow {
  element: HTMLElement;
  show(latches: Latches): void;
}

type Key =
  | { kind: "named"; key: NamedKey; label: string; picture?: IconName; repeats?: boolean }
  | { kind: "text"; text: string; label: string }
  | { kind: "latch"; modifier: keyof Latches; label: string };

/** Two rows of six with the arrows in their usual shape. */
const keys: readonly Key[] = [
  { kind: "named", key: "escape", label: "Esc" },
  { kind: "latch", modifier: "ctrl", label: "Ctrl" },
  { kind: "text", text: "~", label: "Tilde" },
  { kind: "text", text: "/", label: "Slash" },
  { kind: "named", key: "up", label: "Arrow up", picture: "up", repeats: true },
  { kind: "text", text: "|", label: "Pipe" },
  { kind: "named", key: "tab", label: "Tab" },
  { kind: "latch", modifier: "alt", label: "Alt" },
  { kind: "text", text: "-", label: "Minus" },
  { kind: "named", key: "left", label: "Arrow left", picture: "left", repeats: true },
  { kind: "named", key: "down", label: "Arrow down", picture: "down", repeats: true },
  { kind: "named", key: "right", label: "Arrow right", picture: "right", repeats: true },
];

const repeatAfterMs = 400;
const repeatEveryMs = 60;

export function keyRow(options: KeyRowOptions): KeyRow {
  const latchButtons = new Map<keyof Latches, HTMLElement>();
  const buttons = keys.map((key) => {
    const button = el("button", { class: "key", type: "button", "aria-label": key.label }, face(key));
    // Keeps the focus, and with it the soft keyboard, where it is.
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => press(key, options));
    if (key.kind === "named" && key.repeats === true) repeatWhileHeld(button, () => press(key, options));
    if (key.kind === "latch") latchButtons.set(key.modifier, button);
    return button;
  });
  return {
    element: el("div", { class: "keys", role: "toolbar", "aria-label": "Terminal keys" }, ...buttons),
    show(latches) {
      for (const [modifier, button] of latchButtons) {
        button.setAttribute("aria-pressed", String(latches[modifier] !== "off"));
        button.dataset["latch"] = latches[modifier];
      }
    },
  };
}

function press(key: Key, options: KeyRowOptions): void {
  if (key.kind === "named") options.onNamedKey(key.key);
  else if (key.kind === "text") options.onText(key.text);
  else options.onLatch(key.modifier);
}

function face(key: Key): Node | string {
  if (key.kind === "named" && key.picture !== undefined) return icon(key.picture);
  return key.kind === "text" ? key.text : key.label;
}

/** The first press is the click's; a held button then presses again and again. */
function repeatWhileHeld(button: HTMLElement, pressAgain: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const repeat = () => {
    pressAgain();
    timer = setTimeout(repeat, repeatEveryMs);
  };
  button.addEventListener("pointerdown", () => {
    timer = setTimeout(repeat, repeatAfterMs);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"])
    button.addEventListener(end, () => clearTimeout(timer));
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}
