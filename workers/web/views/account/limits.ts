/** What the person's plan allows, and how much of it is used. */
import type { Limits } from "../../api/account-model.ts";
import { Failed } from "../../api/problem.ts";
import type { App } from "../../app.ts";
import { el } from "../../dom.ts";
import { sizeWords } from "../../words.ts";

/** Comes when its call has answered; not there while it has not. */
export function limitsSection(app: App, signal: AbortSignal): HTMLElement {
  const section = el("section", { class: "limits", "aria-label": "Your plan", hidden: true });
  app.calls.limits().then(
    (limits) => {
      if (signal.aborted) return;
      section.append(...limitLines(limits));
      section.hidden = false;
    },
    (error: unknown) => {
      if (!(error instanceof Failed)) throw error;
    },
  );
  return section;
}

function limitLines({ plan, allowed, used }: Limits): HTMLElement[] {
  return [
    el("h2", {}, `${plan.slice(0, 1).toUpperCase()}${plan.slice(1)} plan`),
    usage("Environments", used.environments, allowed.environments),
    usage("Running hours this month", used.running_hours, allowed.running_hours),
    el("p", { class: "limit-sizes" }, `Largest environment: ${sizeWords(allowed)}`),
  ];
}

/** A bar with its figures; `allowed` null = no limit. */
function usage(label: string, used: number, allowed: number | null): HTMLElement {
  const figures = allowed === null ? `${rounded(used)}, no limit` : `${rounded(used)} of ${rounded(allowed)}`;
  const line = el("p", { class: "limit-line" }, el("span", {}, label), el("span", {}, figures));
  if (allowed === null) return el("div", { class: "limit" }, line);
  const share = Math.min(1, allowed === 0 ? 1 : used / allowed);
  const bar = el("progress", { max: 1, value: share, "aria-label": label, "data-full": share === 1 }, figures);
  return el("div", { class: "limit" }, line, bar);
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
