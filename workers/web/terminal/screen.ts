/**
 * The terminal on the page: xterm.js sized to its place, in the page's colours, usable by touch. It knows nothing of
 * sockets: typed text and sizes go out through the callbacks.
 */
import { FitAddon } from "@xterm/addon-fit";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";
import { clearScreen } from "../../../durable-objects/protocol/client.ts";
import { timing } from "../../../durable-objects/protocol/timing.ts";
import { copyText } from "../clipboard.ts";
import { el, listen } from "../dom.ts";
import type { Preferences } from "../preferences.ts";
import { terminalTheme } from "./colors.ts";
import { createPull } from "./pull.ts";
import { type Cells, createSizing } from "./sizing.ts";
import { keepStylesInCssom } from "./styles-by-cssom.ts";
import { followTouches, type Point } from "./touch.ts";
import { touchScroll } from "./touch-scroll.ts";
import { touchSelection } from "./touch-selection.ts";

export interface ScreenOptions {
  preferences: Preferences;
  /** What was typed or pasted at the terminal itself. */
  onTyped(text: string): void;
  /** A paste at the terminal itself; false when it is to be handled as typed text. */
  onPasted(text: string): boolean;
  /** The size that fits now. */
  onSize(cols: number, rows: number): void;
  /** Whether lines above the screen can be had, and the gesture that asks for them. */
  hasHistory(): boolean;
  onPull(): void;
  /** Which half of the pane the selection begins in; null when there is none. */
  onSelection(half: "upper" | "lower" | null): void;
  /** Shift+F6 was pressed: the focus wants to leave. */
  onLeave(): void;
  signal: AbortSignal;
}

export interface Screen {
  /** The pane; its overflow is hidden and the terminal keeps its full height below a soft keyboard. */
  element: HTMLElement;
  /** To be called when the element is in the page. */
  open(): void;
  /** Writes behind everything before; `done` is called when it is on the screen. */
  write(data: string, done?: () => void): void;
  /** Draws a picture on a cleared screen. */
  repaint(data: string, done: () => void): void;
  /** Gives the terminal a size, behind everything written before; null is its own. */
  resize(size: Cells | null): void;
  /** The size that fits. */
  size(): Cells;
  isApplicationMode(): boolean;
  /** Hands text over as a paste, bracketed where the program asked for it. */
  paste(text: string): void;
  selection(): string;
  clearSelection(): void;
  focus(): void;
  /** Takes no typing, and no soft keyboard comes. */
  setReadOnly(isReadOnly: boolean): void;
  apply(preferences: Preferences): void;
  /** Brings the cursor into sight, wherever one has scrolled or dragged to. */
  follow(): void;
  /** Lets go of the lines above the screen. */
  forgetLines(): void;
  /** Told before this many pixels at the bottom are covered: keeps its rows, and the cursor in sight. */
  uncover(coveredPx: number): void;
}

const monospace =
  'ui-monospace, "SF Mono", Menlo, "Cascadia Mono", "Roboto Mono", "DejaVu Sans Mono", "Liberation Mono", monospace';

/** ED 3 of xterm: the screen stays. */
const forgetScrollback = "\u001b[3J";

keepStylesInCssom(document);

export function createScreen(options: ScreenOptions): Screen {
  const { signal } = options;
  const darkPage = matchMedia("(prefers-color-scheme: dark)");
  const stage = el("div", { class: "terminal-stage" });
  const host = el("div", { class: "terminal-host" }, stage);
  const hint = el("p", { class: "pull-hint", "aria-hidden": "true" }, "Earlier lines");
  const element = el("div", { class: "terminal-pane" }, hint, host);
  const fit = new FitAddon();
  const terminal = new Terminal({
    ...xtermOptions(options.preferences),
    allowProposedApi: true,
    cursorBlink: true,
    fontFamily: monospace,
    macOptionIsMeta: true,
    // Programs assume a dark ground; this keeps their colours readable on the light one.
    minimumContrastRatio: 4.5,
    scrollback: 5_000,
    theme: terminalTheme(darkPage.matches),
  });
  const sizing = createSizing({
    terminal,
    fit,
    host,
    stage,
    fontSizePx: options.preferences.fontSizePx,
    onOwn: ({ cols, rows }) => options.onSize(cols, rows),
  });
  const pull = createPull(host, options.hasHistory, options.onPull);
  const scrolling = touchScroll(terminal, host);
  let isCovered = false;
  let resizing: ReturnType<typeof setTimeout> | undefined;

  function open(): void {
    terminal.loadAddon(fit);
    terminal.loadAddon(new Unicode11Addon());
    terminal.loadAddon(new WebLinksAddon((_event, uri) => void window.open(uri, "_blank", "noopener,noreferrer")));
    terminal.unicode.activeVersion = "11";
    terminal.open(stage);
    terminal.textarea?.setAttribute("aria-label", "Terminal. Shift F6 leaves it.");
    // xterm draws no cursor before its first focus, and a real one would open the soft keyboard.
    for (const name of ["focus", "blur"]) terminal.textarea?.dispatchEvent(new FocusEvent(name));
    sizing.measure();
    const observers = [new ResizeObserver(fitSoon), new ResizeObserver(lift)] as const;
    observers[0].observe(host);
    observers[1].observe(element);
    signal.addEventListener("abort", () => {
      for (const observer of observers) observer.disconnect();
      clearTimeout(resizing);
      terminal.dispose();
    });
  }

  function fitSoon(): void {
    clearTimeout(resizing);
    resizing = setTimeout(sizing.measure, timing.resizeDebounceMs);
  }

  /** What is around the pane may go while a keyboard is there: the height that the terminal had without it stays. */
  function keepHeight(isCovered: boolean): void {
    const aroundPx = document.documentElement.clientHeight - host.clientHeight;
    host.style.height = isCovered ? `calc(100dvh - ${aroundPx}px)` : "";
  }

  function lift(): void {
    const rowPx = (host.querySelector(".xterm-screen") ?? host).clientHeight / terminal.rows;
    const cursorBottomPx = (terminal.buffer.active.cursorY + 2) * rowPx;
    const hiddenPx = Math.max(0, host.offsetTop + host.clientHeight - element.clientHeight);
    const liftPx = Math.min(hiddenPx, Math.max(0, cursorBottomPx - element.clientHeight));
    host.style.setProperty("--lift", `${-Math.round(liftPx)}px`);
  }

  /** First what is larger than its place, then the lines, and where they end the way to those before. */
  function drag(delta: Point, at: Point, isGlide: boolean): void {
    const restPx = pull.isPulled() ? delta.y : sizing.drag(delta).y;
    if (pull.isPulled()) pull.by(restPx);
    else if (restPx !== 0 && !scrolling.scroll(restPx, at) && !isGlide) pull.by(restPx);
  }

  /** Before xterm makes keystrokes of it. */
  function onPaste(event: ClipboardEvent): void {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (text === "" || !options.onPasted(text)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  function onKey(event: KeyboardEvent): boolean {
    if (event.type !== "keydown") return true;
    if (event.shiftKey && event.key === "F6") {
      options.onLeave();
      return false;
    }
    const isCopy = event.ctrlKey && event.shiftKey && event.code === "KeyC" && terminal.hasSelection();
    if (isCopy) {
      event.preventDefault();
      void copyText(terminal.getSelection());
    }
    return !isCopy;
  }

  terminal.attachCustomKeyEventHandler(onKey);
  terminal.onData(options.onTyped);
  terminal.onSelectionChange(() => options.onSelection(selectedHalf(terminal)));
  terminal.onCursorMove(lift);
  listen(darkPage, ["change"], signal, () => {
    terminal.options.theme = terminalTheme(darkPage.matches);
  });
  host.addEventListener("paste", onPaste, { capture: true });
  const touches = { onDrag: drag, onRelease: pull.release, onPinch: sizing.pinch };
  followTouches(host, { ...touchSelection(terminal, host), ...touches }, signal);

  return {
    element,
    open,
    write: (data, done) => terminal.write(data, done),
    repaint: (data, done) => terminal.write(clearScreen + data, done),
    resize: (size) => terminal.write("", () => sizing.apply(size)),
    size: sizing.own,
    isApplicationMode: () => terminal.modes.applicationCursorKeysMode,
    paste: (text) => terminal.paste(text),
    selection: () => terminal.getSelection(),
    clearSelection: () => terminal.clearSelection(),
    focus: () => terminal.focus(),
    setReadOnly(isReadOnly) {
      terminal.options.disableStdin = isReadOnly;
    },
    apply(preferences) {
      terminal.options.screenReaderMode = preferences.isScreenReader;
      sizing.prefer(preferences.fontSizePx);
    },
    follow() {
      sizing.follow();
      terminal.scrollToBottom();
    },
    forgetLines: () => terminal.write(forgetScrollback),
    uncover(coveredPx) {
      if (isCovered !== coveredPx > 0) keepHeight(coveredPx > 0);
      isCovered = coveredPx > 0;
    },
  };
}

function xtermOptions({ fontSizePx, isScreenReader }: Preferences): { fontSize: number; screenReaderMode: boolean } {
  return { fontSize: fontSizePx, screenReaderMode: isScreenReader };
}

function selectedHalf(terminal: Terminal): "upper" | "lower" | null {
  const position = terminal.getSelectionPosition();
  if (position === undefined) return null;
  return position.start.y - terminal.buffer.active.viewportY < terminal.rows / 2 ? "upper" : "lower";
}
