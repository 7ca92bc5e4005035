/** Looks again gently: when the page is seen or focused anew, and every few seconds while something is under way. */
import { listen } from "./dom.ts";

const lookAgainMs = 2_000;

/**
 * Calls `look` now and as said above until the signal ends; never twice at once. `look` answers whether something is
 * under way, and deals with its own failures. The returned function looks at once, or again after a look that began
 * before it was called.
 */
export function keepFresh(look: () => Promise<boolean>, signal: AbortSignal): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isLooking = false;
  let isAskedAgain = false;

  async function lookNow(): Promise<void> {
    isAskedAgain = isLooking;
    if (isLooking || signal.aborted) return;
    clearTimeout(timer);
    isLooking = true;
    const isUnderWay = await look().finally(() => {
      isLooking = false;
    });
    if (signal.aborted) return;
    if (isAskedAgain) void lookNow();
    else if (isUnderWay) timer = setTimeout(lookIfSeen, lookAgainMs);
  }

  function lookIfSeen(): void {
    if (!document.hidden) void lookNow();
  }

  listen(document, ["visibilitychange"], signal, lookIfSeen);
  listen(window, ["focus", "online"], signal, lookIfSeen);
  signal.addEventListener("abort", () => clearTimeout(timer));
  void lookNow();
  return () => void lookNow();
}
