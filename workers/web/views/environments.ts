/** The list of a person's environments. */
import type { Environment } from "../api/model.ts";
import { explain, Failed } from "../api/problem.ts";
import type { App, View } from "../app.ts";
import { el, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { keepFresh } from "../poll.ts";
import { linkTo } from "../router.ts";
import { isPassing } from "../words.ts";
import { carryOut, type Deed } from "./actions.ts";
import { brand } from "./brand.ts";
import { type EnvironmentCard, environmentCard } from "./environment-card.ts";
import { choose } from "./sheet.ts";
import { toast } from "./toast.ts";

export const environmentsView: View = (app, signal) => {
  const list = el("ul", { class: "cards", "aria-busy": "true" }, placeholder(), placeholder());
  const empty = emptyState();
  const problem = el("p", { class: "banner error", role: "alert", hidden: true });
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
      const environments = await app.calls.environments();
      problem.hidden = true;
      show(environments);
      return deedsUnderWay > 0 || environments.some(({ phase }) => isPassing(phase));
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      setText(problem, explain(error.failure));
      problem.hidden = false;
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
  return el("div", { class: "shell" }, topBar(app), heading(), problem, list, empty);
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

function topBar(app: App): HTMLElement {
  const account = el(
    "button",
    { class: "button icon-only plain", type: "button", "aria-label": "Account" },
    icon("person"),
  );
  account.addEventListener("click", () => void askAccount(app));
  return el("header", { class: "top-bar" }, brand("div"), account);
}

async function askAccount(app: App): Promise<void> {
  const user = await app.calls.me().catch(toastFailure);
  if (user === null) return;
  const answer = await choose(user.username, [{ label: "Sign out", value: "sign-out" }]);
  if (answer === null) return;
  // Signing out holds on this device whatever the server says: the tokens are gone.
  await app.calls.signOut().catch(toastFailure);
  app.tokens.clear();
  app.interrupted = null;
  app.router.go({ view: "sign-in" }, true);
}

function toastFailure(error: unknown): null {
  if (!(error instanceof Failed)) throw error;
  if (error.failure.kind !== "signed_out") toast(explain(error.failure));
  return null;
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
