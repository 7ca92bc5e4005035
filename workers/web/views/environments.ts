/** The list of a person's environments. */
import type { Environment } from "../api/model.ts";
import type { View } from "../app.ts";
import { el } from "../dom.ts";
import { icon } from "../icons.ts";
import { pendingShare } from "../pending-share.ts";
import { keepFresh } from "../poll.ts";
import { linkTo } from "../router.ts";
import { isPassing } from "../words.ts";
import { carryOut, type Deed } from "./actions.ts";
import { brand } from "./brand.ts";
import { verifyBanner } from "./code-form.ts";
import { type EnvironmentCard, environmentCard } from "./environment-card.ts";
import { problemLine } from "./screen.ts";
import { sharedList } from "./sharing/shared-list.ts";
import { toast } from "./toast.ts";

export const environmentsView: View = (app, signal) => {
  const list = el("ul", { class: "cards", "aria-busy": "true" }, placeholder(), placeholder());
  const empty = emptyState();
  const problem = problemLine();
  const shared = sharedList(app, () => lookNow());
  const cards = new Map<string, EnvironmentCard>();
  let deedsUnderWay = 0;

  function show(environments: readonly Environment[]): void {
    const shown = environments.filter(({ phase }) => phase !== "terminated");
    for (const id of [...cards.keys()]) if (!shown.some((environment) => environment.id === id)) cards.delete(id);
    const elements = shown.map((environment) => {
      const card = cards.get(environment.id) ?? environmentCard(environment, perform);
      cards.set(environment.id, card);
      card.show(environment);
      return card.element;
    });
    if (elements.some((element, at) => list.children[at] !== element) || list.children.length !== elements.length) {
      list.replaceChildren(...elements);
    }
    list.removeAttribute("aria-busy");
    empty.hidden = shown.length > 0;
  }

  async function look(): Promise<boolean> {
    try {
      const [environments, offers] = await Promise.all([app.calls.environments(), app.calls.offers()]);
      problem.hide();
      shared.show(offers);
      show(environments);
      return deedsUnderWay > 0 || environments.some(({ phase }) => isPassing(phase));
    } catch (error) {
      problem.show(error);
      if (cards.size === 0) list.replaceChildren();
      return true;
    }
  }

  async function perform(environment: Environment, deed: Deed): Promise<void> {
    deedsUnderWay += 1;
    lookNow();
    const isDone = await carryOut(app, environment, deed).finally(() => {
      deedsUnderWay -= 1;
    });
    if (isDone) toast(`${environment.name}: ${pastWords[deed]}`);
    lookNow();
  }

  const lookNow = keepFresh(look, signal);
  // Whoever opened a link and then signed in elsewhere comes back here.
  if (pendingShare() !== null) queueMicrotask(() => app.router.go({ view: "share", secret: null }, true));
  return el(
    "div",
    { class: "shell" },
    topBar(),
    heading(),
    verifyBanner(app, signal),
    problem.element,
    list,
    empty,
    shared.element,
  );
};

const pastWords: Readonly<Record<Deed, string>> = {
  start: "started",
  stop: "stopped",
  restart: "restarted",
  recover: "recovering",
  delete: "deleted",
};

function heading(): HTMLElement {
  return el(
    "div",
    { class: "heading" },
    el("h1", { tabindex: -1, "data-focus": true }, "Environments"),
    el("a", { class: "button primary", href: linkTo({ view: "new" }) }, icon("plus"), "New"),
  );
}

function topBar(): HTMLElement {
  const account = el(
    "a",
    { class: "button icon-only plain", href: linkTo({ view: "account" }), "aria-label": "Account" },
    icon("person"),
  );
  return el("header", { class: "top-bar" }, brand("div"), account);
}

function placeholder(): HTMLElement {
  return el("li", { class: "card placeholder", "aria-hidden": "true" });
}

function emptyState(): HTMLElement {
  return el(
    "section",
    { class: "empty", hidden: true },
    el("p", { class: "empty-prompt", "aria-hidden": "true" }, "$ _"),
    el("h2", {}, "No environment yet"),
    el("p", {}, "Pick a template and have a shell of your own in a few seconds."),
    el("a", { class: "button primary", href: linkTo({ view: "new" }) }, "Create your first environment"),
  );
}
