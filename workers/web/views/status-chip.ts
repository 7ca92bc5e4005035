/** What an environment is doing, as a dot and a word. */
import type { Phase } from "../../../durable-objects/protocol/vocabulary.ts";
import { el, setText } from "../dom.ts";
import { phaseTone, phaseWord } from "../words.ts";

export interface StatusChip {
  element: HTMLElement;
  show(phase: Phase): void;
}

export function statusChip(): StatusChip {
  const word = el("span");
  const element = el("span", { class: "chip" }, el("span", { class: "dot", "aria-hidden": "true" }), word);
  return {
    element,
    show(phase) {
      element.dataset["tone"] = phaseTone(phase);
      setText(word, phaseWord(phase));
    },
  };
}
