/** Says that the environment is about to stop by itself, and offers to keep it running. */
import { el, setText } from "../dom.ts";
import { leftWords } from "../times.ts";

export interface StopWarning {
  element: HTMLElement;
  /** null hides it. */
  show(autoStopAt: string | null): void;
}

/** `onKeep` resolves when the server has answered; the button rests until then. */
export function stopWarning(onKeep: () => Promise<void>, signal: AbortSignal): StopWarning {
  let stopAt: string | null = null;
  const left = el("span");
  const button = el("button", { class: "button small", type: "button", onclick: keep }, "Keep it running");
  // Read out when it appears, and not with every second of the countdown.
  const text = el("span", { role: "status" });
  const element = el("div", { class: "pill", hidden: true }, el("p", {}, text, left), button);

  function tick(): void {
    if (stopAt !== null) setText(left, leftWords(stopAt, Date.now()));
  }

  async function keep(): Promise<void> {
    button.disabled = true;
    await onKeep().finally(() => {
      button.disabled = false;
    });
  }

  const timer = setInterval(tick, 1000);
  signal.addEventListener("abort", () => clearInterval(timer));
  return {
    element,
    show(autoStopAt) {
      stopAt = autoStopAt;
      element.hidden = stopAt === null;
      setText(text, stopAt === null ? "" : "Stops by itself ");
      tick();
    },
  };
}
