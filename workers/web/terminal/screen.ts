/**
 * The terminal on the page: xterm.js sized to its place, in the page's colours, usable by touch. It knows nothing of
 * sockets: typed text and sizes go out through the callbacks.
 */
import { FitAddon } from "@xterm/addon-fit";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";
import { timing } from "../../../durable-objects/protocol/timing.ts";
import { copyText } from "../clipboard.ts";
import { el, listen } from "../dom.ts";
import type { Preferences } from "../preferences.ts";
import { terminalTheme } from "./colors.ts";
import { keepStylesInCssom } from "./styles-by-cssom.ts";
import { followTouches } from "./touch.ts";
import { touchScroll } from "./touch-scroll.ts";
import { touchSelection } from "./touch-selection.ts";

export interface ScreenOptions {
  preferences: Preferences;
  /** What was typed or pasted at the terminal itself. */
  onTyped(text: string): void;
  onSize(cols: number, rows: number): void;
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
  write(data: string): void;
  size(): { cols: number; rows: number };
  isApplicationMode(): boolean;
  /** Hands text over as a paste, bracketed where the program asked for it. */
  paste(text: string): void;
  selection(): string;
  clearSelection(): void;
  focus(): void;
  apply(preferences: Preferences): void;
  /** Keeps the cursor in sight when this many pixels at the bottom are covered. */
  uncover(coveredPx: number): void;
}

const monospace =
  'ui-monospace, "SF Mono", Menlo, "Cascadia Mono", "Roboto Mono", "DejaVu Sans Mono", "Liberation Mono", monospace';

keepStylesInCssom(document);

export function createScreen(options: ScreenOptions): Screen {
  const { signal } = options;
  const darkPage = matchMedia("(prefers-color-scheme: dark)");
  const host = el("div", { class: "terminal-host" });
  const element = el("div", { class: "terminal-pane" }, host);
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
  let coveredPx = 0;
  let resizing: ReturnType<typeof setTimeout> | undefined;

  function open(): void {
    terminal.loadAddon(fit);
    terminal.loadAddon(new Unicode11Addon());
    terminal.loadAddon(new WebLinksAddon((_event, uri) => void window.open(uri, "_blank", "noopener,noreferrer")));
    terminal.unicode.activeVersion = "11";
    terminal.open(host);
    terminal.textarea?.setAttribute("aria-label", "Terminal. Shift F6 leaves it.");
    // xterm draws no cursor before its first focus, and a real one would open the soft keyboard.
    for (const name of ["focus", "blur"]) terminal.textarea?.dispatchEvent(new FocusEvent(name));
    fit.fit();
    const observer = new ResizeObserver(fitSoon);
    observer.observe(host);
    signal.addEventListener("abort", () => {
      observer.disconnect();
      clearTimeout(resizing);
      terminal.dispose();
    });
  }

  function fitSoon(): void {
    clearTimeout(resizing);
    resizing = setTimeout(() => fit.fit(), timing.resizeDebounceMs);
  }

  function lift(): void {
    const rowPx = host.clientHeight / terminal.rows;
    const cursorBottomPx = (terminal.buffer.active.cursorY + 2) * rowPx;
    const liftPx = Math.min(coveredPx, Math.max(0, cursorBottomPx - element.clientHeight));
    host.style.setProperty("--lift", `${-Math.round(liftPx)}px`);
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
  terminal.onResize(({ cols, rows }) => options.onSize(cols, rows));
  terminal.onSelectionChange(() => options.onSelection(selectedHalf(terminal)));
  terminal.onCursorMove(lift);
  listen(darkPage, ["change"], signal, () => {
    terminal.options.theme = terminalTheme(darkPage.matches);
  });
  followTouches(host, { ...touchSelection(terminal, host), onScroll: touchScroll(terminal, host) }, signal);

  return {
    element,
    open,
    write: (data) => terminal.write(data),
    size: () => ({ cols: terminal.cols, rows: terminal.rows }),
    isApplicationMode: () => terminal.modes.applicationCursorKeysMode,
    paste: (text) => terminal.paste(text),
    selection: () => terminal.getSelection(),
    clearSelection: () => terminal.clearSelection(),
    focus: () => terminal.focus(),
    apply(preferences) {
      Object.assign(terminal.options, xtermOptions(preferences));
      fit.fit();
    },
    uncover(nextCoveredPx) {
      coveredPx = nextCoveredPx;
      lift();
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
