/**
 * Follows the soft keyboard: the page keeps its full height, and what lies above the keyboard is told to CSS as
 * `--viewport-top`, `--viewport-height` and `--keyboard`. The terminal's rows come from the full height, so that a
 * keyboard that comes and goes never resizes them.
 */
import { listen } from "../dom.ts";

/** Smaller differences are browser bars sliding in and out. */
const smallestKeyboardPx = 120;

/** Keeps the CSS variables right until the signal ends; before they change `onCover` is told the covered height in pixels. */
export function followKeyboard(signal: AbortSignal, onCover: (coveredPx: number) => void): void {
  const viewport = window.visualViewport;
  const root = document.documentElement;
  if (viewport === null) return;
  const view = viewport;
  let coveredPx = 0;

  function follow(): void {
    // While pinched, the visual viewport is a magnifying glass and says nothing about a keyboard.
    const isPinched = view.scale > 1.01;
    const hiddenPx = isPinched ? 0 : root.clientHeight - view.height;
    const nextPx = hiddenPx > smallestKeyboardPx ? Math.round(hiddenPx) : 0;
    root.style.setProperty("--viewport-top", `${nextPx === 0 ? 0 : Math.round(view.offsetTop)}px`);
    if (nextPx === coveredPx) return;
    coveredPx = nextPx;
    onCover(coveredPx);
    root.style.setProperty("--keyboard", `${coveredPx}px`);
    root.classList.toggle("has-keyboard", coveredPx > 0);
  }

  listen(view, ["resize", "scroll"], signal, follow);
  signal.addEventListener("abort", () => {
    root.style.removeProperty("--keyboard");
    root.style.removeProperty("--viewport-top");
    root.classList.remove("has-keyboard");
  });
  follow();
}
