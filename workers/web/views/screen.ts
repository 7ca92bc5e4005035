/** The frame of a screen below another one: the way back, a heading, and what it is about. */

import { explain, Failed } from "../api/problem.ts";
import { type Child, el, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { linkTo, type Route } from "../router.ts";

export interface ScreenOptions {
  title: string;
  back: Route;
  /** Where `back` leads, for screen readers. */
  backLabel: string;
  /** Beside the heading. */
  action?: HTMLElement;
}

export function screen({ title, back, backLabel, action }: ScreenOptions, ...children: Child[]): HTMLElement {
  const link = el("a", { class: "button icon-only plain", href: linkTo(back), "aria-label": backLabel }, icon("back"));
  return el(
    "div",
    { class: "shell" },
    el("header", { class: "top-bar" }, link),
    el("div", { class: "heading" }, el("h1", { tabindex: -1, "data-focus": true }, title), action ?? null),
    ...children,
  );
}

/** A line for what went wrong, which is not there while nothing did. */
export interface Problem {
  element: HTMLElement;
  /** Shows a failure; anything that is none is a bug and thrown again. */
  show(error: unknown): void;
  hide(): void;
}

export function problemLine(): Problem {
  const element = el("p", { class: "banner error", role: "alert", hidden: true });
  return {
    element,
    show(error) {
      if (!(error instanceof Failed)) throw error;
      // Whoever is signed out is on the way to the sign-in form, which says so.
      if (error.failure.kind === "signed_out") return;
      setText(element, explain(error.failure));
      element.hidden = false;
    },
    hide() {
      element.hidden = true;
    },
  };
}
