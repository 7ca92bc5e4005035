/** What lies over the terminal while there is no shell: why, and the one thing to do about it. */
import type { Phase } from "../../../durable-objects/protocol/vocabulary.ts";
import { hasShell } from "../../../durable-objects/protocol/vocabulary.ts";
import { el, setText } from "../dom.ts";
import { isPassing, phaseTone, phaseWord } from "../words.ts";
import { type Deed, deedLabels } from "./actions.ts";

export interface Curtain {
  element: HTMLElement;
  /** Shows what fits the phase; nothing while there is a shell. */
  show(phase: Phase, message: string): void;
}

const remedies: Partial<Readonly<Record<Phase, Deed>>> = { stopped: "start", error: "recover" };
const kept = "Its files are kept. Start it to have a shell again.";

export function curtain(onDeed: (deed: Deed) => void): Curtain {
  let remedy: Deed | undefined;
  const word = el("h2");
  const text = el("p");
  const button = el("button", { class: "button primary", type: "button" });
  button.addEventListener("click", () => remedy !== undefined && onDeed(remedy));
  const spinner = el("span", { class: "spinner", "aria-hidden": "true" });
  const body = el("div", { class: "curtain-body", role: "status" }, spinner, word, text, button);
  const element = el("div", { class: "curtain", hidden: true }, body);
  return {
    element,
    show(phase, message) {
      remedy = remedies[phase];
      element.hidden = hasShell(phase);
      element.dataset["tone"] = phaseTone(phase);
      spinner.hidden = !isPassing(phase);
      setText(word, phaseWord(phase));
      setText(text, explanation(phase, message));
      button.hidden = remedy === undefined;
      if (remedy !== undefined) setText(button, deedLabels[remedy]);
    },
  };
}

/** What stopped by itself says why. */
function explanation(phase: Phase, message: string): string {
  if (phase === "stopped") return message === "" ? kept : `${message}. ${kept}`;
  return message === "" ? "This takes a few seconds." : message;
}
