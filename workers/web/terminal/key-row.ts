/** The keys a phone's keyboard lacks. Pressing one never takes the focus, so the soft keyboard stays as it is. */
import { el } from "../dom.ts";
import { type IconName, icon } from "../icons.ts";
import type { Latches, MovingKey, NamedKey } from "./sticky-keys.ts";
import type { Typing } from "./typing.ts";

export type KeyRowOptions = Pick<Typing, "text" | "named" | "interrupt" | "latch">;

export interface KeyRow {
  element: HTMLElement;
  show(latches: Latches): void;
}

type Key =
  | { kind: "named"; key: NamedKey; label: string; face?: string; picture?: IconName; repeats?: boolean }
  | { kind: "text"; text: string; label: string }
  | { kind: "latch"; modifier: keyof Latches; label: string }
  | { kind: "interrupt"; label: string }
  | { kind: "layer"; label: string };

const text = (text: string, label: string): Key => ({ kind: "text", text, label });
const arrow = (key: MovingKey & IconName): Key => ({
  kind: "named",
  key,
  label: `Arrow ${key}`,
  picture: key,
  repeats: true,
});
const page = (key: MovingKey, label: string, face = label): Key => ({ kind: "named", key, label, face, repeats: true });

/**
 * Two rows of seven with the arrows in their usual shape, each key with what it becomes while Fn is on. Ctrl-C has the
 * corner, where no key beside it is pressed in haste.
 */
const places: readonly (readonly [Key, Key?])[] = [
  [{ kind: "interrupt", label: "Ctrl-C" }],
  [{ kind: "named", key: "escape", label: "Esc" }],
  [text("|", "Pipe"), text(">", "Greater than")],
  [text("/", "Slash"), text("\\", "Backslash")],
  [text("-", "Minus"), text("_", "Underscore")],
  [arrow("up"), page("page-up", "Page up", "PgUp")],
  [text("~", "Tilde"), text("`", "Backtick")],
  [{ kind: "latch", modifier: "ctrl", label: "Ctrl" }],
  [
    { kind: "named", key: "tab", label: "Tab" },
    { kind: "named", key: "back-tab", label: "Shift-Tab", face: "⇧Tab" },
  ],
  [{ kind: "latch", modifier: "alt", label: "Alt" }],
  [{ kind: "layer", label: "Fn" }],
  [arrow("left"), page("home", "Home")],
  [arrow("down"), page("page-down", "Page down", "PgDn")],
  [arrow("right"), page("end", "End")],
];

const repeatAfterMs = 400;
const repeatEveryMs = 60;

export function keyRow(options: KeyRowOptions): KeyRow {
  const latchButtons = new Map<keyof Latches, HTMLElement>();
  let isFn = false;
  const buttons = places.map(([plain, other = plain]) => {
    const button = el("button", { class: plain.kind === "named" ? `key key-${plain.key}` : "key", type: "button" });
    const key = () => (isFn ? other : plain);
    // Keeps the focus, and with it the soft keyboard, where it is.
    button.addEventListener("mousedown", (event) => event.preventDefault());
    followPresses(
      button,
      () => press(key()),
      () => repeats(key()),
    );
    if (plain.kind === "latch") latchButtons.set(plain.modifier, button);
    return { button, key };
  });

  function press(key: Key): void {
    if (key.kind === "named") options.named(key.key);
    else if (key.kind === "text") options.text(key.text);
    else if (key.kind === "latch") options.latch(key.modifier);
    else if (key.kind === "interrupt") options.interrupt();
    else {
      isFn = !isFn;
      label();
    }
  }

  function label(): void {
    for (const { button, key } of buttons) {
      button.setAttribute("aria-label", key().label);
      button.dataset["kind"] = key().kind;
      button.replaceChildren(face(key()));
      if (key().kind === "layer") button.setAttribute("aria-pressed", String(isFn));
    }
  }

  label();
  return {
    element: el(
      "div",
      { class: "keys", role: "toolbar", "aria-label": "Terminal keys" },
      ...buttons.map(({ button }) => button),
    ),
    show(latches) {
      for (const [modifier, button] of latchButtons) {
        button.setAttribute("aria-pressed", String(latches[modifier] !== "off"));
        button.dataset["latch"] = latches[modifier];
      }
    },
  };
}

function repeats(key: Key): boolean {
  return key.kind === "named" && key.repeats === true;
}

function face(key: Key): Node | string {
  if (key.kind === "named") return key.picture === undefined ? (key.face ?? key.label) : icon(key.picture);
  if (key.kind === "interrupt") return "^C";
  return key.kind === "text" ? key.text : key.label;
}

/** A click presses; holding a key that repeats presses again and again, and then its click is none more. */
function followPresses(button: HTMLElement, press: () => void, repeats: () => boolean): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isHeld = false;
  const repeat = () => {
    isHeld = true;
    press();
    timer = setTimeout(repeat, repeatEveryMs);
  };
  button.addEventListener("pointerdown", () => {
    isHeld = false;
    if (repeats()) timer = setTimeout(repeat, repeatAfterMs);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"])
    button.addEventListener(end, () => clearTimeout(timer));
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("click", ({ detail }) => {
    // Without a pointer there was no holding before it.
    if (!isHeld || detail === 0) press();
  });
}
