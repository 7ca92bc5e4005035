/** What others share with whoever is signed in, below their own environments; not there while there is nothing. */
import type { Offer } from "../../api/share-model.ts";
import type { App } from "../../app.ts";
import { el } from "../../dom.ts";
import { linkTo } from "../../router.ts";
import { monogram } from "../../words.ts";
import { confirm } from "../sheet.ts";
import { statusChip } from "../status-chip.ts";
import { toast, toastFailure } from "../toast.ts";

export interface SharedList {
  element: HTMLElement;
  show(offers: readonly Offer[]): void;
}

/** `onChange`: something was accepted or left. */
export function sharedList(app: App, onChange: () => void): SharedList {
  const list = el("ul", { class: "cards" });
  const element = el("section", { class: "shared", hidden: true }, el("h2", {}, "Shared with you"), list);
  let shown = "";

  return {
    element,
    show(offers) {
      // What has not changed stays under the finger.
      const next = JSON.stringify(offers);
      if (next === shown) return;
      shown = next;
      element.hidden = offers.length === 0;
      list.replaceChildren(...offers.map((offer) => offerCard(app, offer, onChange)));
    },
  };
}

const roleWords = { owner: "Yours", driver: "You may type", viewer: "You may watch" } as const;

function offerCard(app: App, offer: Offer, onChange: () => void): HTMLElement {
  const { environment, owner, role, state } = offer;
  const isPending = state === "pending";
  const chip = statusChip();
  chip.show(environment.phase);
  const name = isPending
    ? el("span", {}, environment.name)
    : el(
        "a",
        { class: "card-link", href: linkTo({ view: "terminal", environmentId: environment.id }) },
        environment.name,
      );
  const facts = `From ${owner.username} · ${roleWords[role]}`;
  const line = isPending
    ? el("p", { class: "card-line" }, "Waits for you to accept")
    : el("p", { class: "card-line" }, chip.element);
  const accept = el("button", { class: "button primary", type: "button", hidden: !isPending }, "Accept");
  accept.addEventListener("click", () => void app.calls.acceptOffer(offer.id).then(onChange, toastFailure));
  const word = isPending ? "Decline" : "Leave";
  const leave = el("button", { class: "button", type: "button", "aria-label": `${word} ${environment.name}` }, word);
  leave.addEventListener("click", () => void leaveIt(app, offer, isPending).then(onChange, toastFailure));
  return el(
    "li",
    { class: "card" },
    el("span", { class: "monogram", "aria-hidden": "true" }, monogram(environment.template_id)),
    el("div", { class: "card-text" }, el("h3", {}, name), line, el("p", { class: "card-facts" }, facts)),
    el("div", { class: "card-actions" }, accept, leave),
  );
}

async function leaveIt(app: App, { id, environment }: Offer, isPending: boolean): Promise<void> {
  const isMeant = await confirm({
    title: `${isPending ? "Decline" : "Leave"} ${environment.name}?`,
    text: "You cannot open it any more then, unless it is shared with you again.",
    action: isPending ? "Decline" : "Leave",
    isDangerous: true,
  });
  if (!isMeant) return;
  await app.calls.leaveShare(id);
  toast(`${environment.name}: ${isPending ? "declined" : "left"}`);
}
