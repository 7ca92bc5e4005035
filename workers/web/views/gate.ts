/** The frame of every screen before the list: the product's name and one panel. */
import type { App } from "../app.ts";
import { type Child, el } from "../dom.ts";
import { pages } from "../pages.ts";
import { linkTo, type Route } from "../router.ts";
import { brand } from "./brand.ts";

export function gate(title: string, ...children: Child[]): HTMLElement {
  return el(
    "section",
    { class: "gate" },
    el("header", { class: "gate-head" }, brand("div"), el("p", { class: "tagline" }, "A real shell in your pocket.")),
    el("div", { class: "panel" }, el("h1", { tabindex: -1, "data-focus": true }, title), ...children),
  );
}

/** The line below a panel's form that leads elsewhere. */
export function aside(question: string, route: Route, label: string): HTMLElement {
  return el("p", { class: "aside" }, question === "" ? null : `${question} `, el("a", { href: linkTo(route) }, label));
}

/** Why the person is here, where something led them here. */
export function reason({ interrupted }: App): HTMLElement | null {
  if (interrupted === null) return null;
  const { why, isFailure = false } = interrupted;
  return el("p", { class: isFailure ? "banner error" : "banner", role: isFailure ? "alert" : "status" }, why);
}

/** To where the person was interrupted, or to the list. */
export function goOn(app: App): void {
  const route = app.interrupted?.route ?? { view: "environments" };
  app.interrupted = null;
  app.router.go(pages[route.view].who === "member" ? route : { view: "environments" }, true);
}

/** Whoever is signed in on this device is so no more, and reads why on the sign-in form. */
export function leadToSignIn(app: App, why: string, isFailure = false): void {
  app.tokens.clear();
  app.interrupted = { route: { view: "environments" }, why, isFailure };
  app.router.go({ view: "sign-in" }, true);
}
