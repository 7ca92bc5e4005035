/** The bar above the terminal and the logs: where you are, how it is, and what else there is to do. */
import { hasShell, type Phase } from "../../../durable-objects/protocol/vocabulary.ts";
import type { Metrics } from "../api/model.ts";
import { Failed } from "../api/problem.ts";
import type { App } from "../app.ts";
import { el, setText } from "../dom.ts";
import { type IconName, icon } from "../icons.ts";
import { linkTo, type Route } from "../router.ts";
import type { Connection } from "../terminal/live-socket.ts";
import { metricsLine, phaseTone, phaseWord, type Tone } from "../words.ts";

export interface EnvironmentBar {
  element: HTMLElement;
  show(name: string, phase: Phase): void;
  showConnection(connection: Connection): void;
  focus(): void;
}

export interface EnvironmentBarOptions {
  app: App;
  environmentId: string;
  /** The other view of the environment. */
  other: { route: Route; label: string; picture: IconName };
  onMore(): void;
  /** Only owners are told how much is used. */
  isOwner(): boolean;
  signal: AbortSignal;
}

const metricsEveryMs = 15_000;

const connectionWords: Readonly<Record<Connection["kind"], readonly [string, Tone]>> = {
  connecting: ["Connecting", "waiting"],
  live: ["Live", "live"],
  lagging: ["Slow", "waiting"],
  reconnecting: ["Reconnecting", "waiting"],
  closed: ["Closed", "error"],
};

export function environmentBar({
  app,
  environmentId,
  other,
  onMore,
  isOwner,
  signal,
}: EnvironmentBarOptions): EnvironmentBar {
  const name = el("h1", { class: "bar-name" }, "…");
  const word = el("span");
  const chip = el("span", { class: "chip", role: "status" }, el("span", { class: "dot", "aria-hidden": "true" }), word);
  const metrics = el("span", { class: "bar-metrics" });
  const back = iconLink({ view: "environments" }, "Back to environments", "back");
  const more = el("button", { class: "button icon-only plain", type: "button", "aria-label": "More" }, icon("more"));
  more.addEventListener("click", onMore);
  // What there is to do depends on what the environment is doing.
  more.disabled = true;
  const readMetrics = () => (isOwner() ? app.calls.metrics(environmentId) : null);
  const measure = showMetrics(readMetrics, metrics, signal);
  let phase: Phase | null = null;
  let connection: Connection["kind"] = "connecting";

  /** A live line to an environment without a shell is not what people would call live. */
  function showState(phase: Phase | null, connection: Connection["kind"]): void {
    const isUp = connection === "live" || connection === "lagging";
    const lacksShell = isUp && phase !== null && !hasShell(phase);
    const [text, tone] = lacksShell ? [phaseWord(phase), phaseTone(phase)] : connectionWords[connection];
    chip.dataset["tone"] = tone;
    setText(word, text);
  }

  return {
    element: el(
      "header",
      { class: "bar" },
      back,
      el("div", { class: "bar-text" }, name, el("p", { class: "bar-line" }, chip, metrics)),
      iconLink(other.route, other.label, other.picture),
      more,
    ),
    show(text, nextPhase) {
      setText(name, text);
      more.disabled = false;
      if (nextPhase !== phase) measure();
      phase = nextPhase;
      showState(phase, connection);
    },
    showConnection({ kind }) {
      connection = kind;
      showState(phase, connection);
    },
    focus: () => back.focus(),
  };
}

function iconLink(route: Route, label: string, picture: IconName): HTMLElement {
  return el(
    "a",
    { class: "button icon-only plain", href: linkTo(route), "aria-label": label, title: label },
    icon(picture),
  );
}

/** Reads the metrics now and then while the page is seen, and whenever the returned function is called. */
function showMetrics(read: () => Promise<Metrics> | null, line: HTMLElement, signal: AbortSignal): () => void {
  async function look(): Promise<void> {
    const reading = document.hidden ? null : read();
    if (reading === null) return;
    const metrics = await reading.catch(failedMetrics);
    setText(line, metricsLine(metrics));
    line.title = metrics.reason ?? "";
  }
  const timer = setInterval(() => void look(), metricsEveryMs);
  signal.addEventListener("abort", () => clearInterval(timer));
  return () => void look();
}

function failedMetrics(error: unknown): Metrics {
  if (!(error instanceof Failed)) throw error;
  return { reason: "not available now" };
}
