/** What the person's plan allows, and how much of it is used. */
import type { Limits } from "../../api/account-model.ts";
import { Failed } from "../../api/problem.ts";
import type { App } from "../../app.ts";
import { el } from "../../dom.ts";
import { dateWords, durationWords } from "../../times.ts";
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

function limitLines({ plan, allowed, used, resets_at }: Limits): HTMLElement[] {
  const idle = allowed.idle_minutes === null ? "never" : `after ${durationWords(allowed.idle_minutes)}`;
  return [
    el("h2", {}, `${plan.slice(0, 1).toUpperCase()}${plan.slice(1)} plan`),
    usage("Environments", used.environments, allowed.environments),
    usage("Running hours this month", used.running_hours, allowed.running_hours),
    usage("Open terminals and logs", used.sockets, allowed.sockets),
    el("p", { class: "limit-facts" }, `Largest environment: ${sizeWords(allowed)}`),
    el("p", { class: "limit-facts" }, `Stopped when idle: ${idle}. Hours begin anew on ${dateWords(resets_at)}.`),
  ];
}

/** A bar with its figures; `used` null = not known, `allowed` null = no limit. */
function usage(label: string, used: number | null, allowed: number | null): HTMLElement {
  const known = used === null ? "–" : rounded(used);
  const figures = allowed === null ? `${known}, no limit` : `${known} of ${rounded(allowed)}`;
  const line = el("p", { class: "limit-line" }, el("span", {}, label), el("span", {}, figures));
  if (used === null || allowed === null) return el("div", { class: "limit" }, line);
  const share = allowed === 0 ? 1 : Math.min(1, used / allowed);
  const bar = el("progress", { max: 1, value: share, "aria-label": label, "data-full": share === 1 });
  return el("div", { class: "limit" }, line, bar);
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
