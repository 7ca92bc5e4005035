/** One environment of the list. It is updated in place, so that a look at the server moves nothing under a finger. */
import type { Environment } from "../api/model.ts";
import { el, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { linkTo } from "../router.ts";
import { monogram, sizeWords } from "../words.ts";
import { type Deed, deedChoices, deedLabels, deedsFor } from "./actions.ts";
import { choose } from "./sheet.ts";
import { statusChip } from "./status-chip.ts";

export interface EnvironmentCard {
  element: HTMLElement;
  show(environment: Environment): void;
}

/** `perform` resolves when the deed is over; the buttons rest until then. */
export function environmentCard(
  first: Environment,
  perform: (environment: Environment, deed: Deed) => Promise<void>,
): EnvironmentCard {
  let environment = first;
  const chip = statusChip();
  const name = el("span");
  const template = el("span");
  const facts = el("p", { class: "card-facts" });
  const note = el("p", { class: "card-note" });
  const main = el("button", { class: "button", type: "button", onclick: () => act(mainDeed()) });
  const more = el("button", { class: "button icon-only", type: "button", onclick: askMore }, icon("more"));
  const link = el("a", { class: "card-link", href: linkTo({ view: "terminal", environmentId: first.id }) }, name);

  const mainDeed = (): Deed => deedsFor(environment)[0] ?? "delete";

  async function askMore(): Promise<void> {
    const deed = await choose(environment.name, deedChoices(deedsFor(environment)));
    if (deed !== null) await act(deed);
  }

  async function act(deed: Deed): Promise<void> {
    if (element.hasAttribute("aria-busy")) return;
    element.setAttribute("aria-busy", "true");
    await perform(environment, deed).finally(() => element.removeAttribute("aria-busy"));
  }

  function show(next: Environment): void {
    environment = next;
    chip.show(next.phase);
    setText(name, next.name);
    setText(template, next.template_name ?? next.template_id);
    setText(facts, sizeWords(next.resource_limits));
    note.dataset["phase"] = next.phase;
    setText(note, noteFor(next));
    setText(main, deedLabels[mainDeed()]);
    main.hidden = mainDeed() === "delete";
    main.setAttribute("aria-label", `${deedLabels[mainDeed()]} ${next.name}`);
    more.setAttribute("aria-label", `More for ${next.name}`);
  }

  const element = el(
    "li",
    { class: "card" },
    el("span", { class: "monogram", "aria-hidden": "true" }, monogram(first.template_id)),
    el(
      "div",
      { class: "card-text" },
      el("h2", {}, link),
      el("p", { class: "card-line" }, chip.element, template),
      facts,
      note,
    ),
    el("div", { class: "card-actions" }, main, more),
  );
  show(first);
  return { element, show };
}

/** Why it needs attention, or why it stopped by itself. */
function noteFor({ phase, status_message: message }: Environment): string {
  if (phase === "error") return message ?? "Something went wrong.";
  return phase === "stopped" ? (message ?? "") : "";
}
