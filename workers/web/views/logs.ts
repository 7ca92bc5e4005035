/** The log of an environment. Each connection begins with what is kept of it, so nothing is fetched beside the socket. */
import type { View } from "../app.ts";
import { el } from "../dom.ts";
import { type LogLine, logLineOf, readFrame } from "../terminal/frames.ts";
import { openLiveSocket } from "../terminal/live-socket.ts";
import { plainText } from "../terminal/plain-text.ts";
import { deedChoices, deedsFor } from "./actions.ts";
import { environmentBar } from "./environment-bar.ts";
import { linePill } from "./line-pill.ts";
import { choose } from "./sheet.ts";
import { stopWarning } from "./stop-warning.ts";
import { toast } from "./toast.ts";
import { watchEnvironment } from "./watch-environment.ts";

const mostLines = 2_000;
const nearEndPx = 40;

export const logsView =
  (environmentId: string): View =>
  (app, signal) => {
    const list = el("ol");
    const log = { class: "log-lines", role: "log", "aria-label": "Log", tabindex: 0, "data-focus": true };
    const scroller = el("div", log, list);
    const empty = el("p", { class: "log-empty" }, "Nothing was logged yet.");
    const bar = environmentBar({
      app,
      environmentId,
      other: { route: { view: "terminal", environmentId }, label: "Terminal", picture: "terminal" },
      onMore: () => void askMore(),
      isOwner: () => watched.state()?.role === "owner",
      signal,
    });
    const warning = stopWarning(() => watched.extend(), signal);
    const watched = watchEnvironment(app, environmentId, signal, ({ name, phase, autoStopAt }) => {
      bar.show(name, phase);
      warning.show(autoStopAt);
    });
    const pill = linePill(() => socket.reopen());

    let arrived: LogLine[] = [];

    function clear(): void {
      arrived = [];
      list.replaceChildren();
      empty.hidden = false;
    }

    /** A replay is hundreds of frames; they are shown together at the next picture. */
    function add(line: LogLine): void {
      if (arrived.length === 0) requestAnimationFrame(show);
      arrived.push(line);
      if (arrived.length > mostLines) arrived.shift();
    }

    function show(): void {
      const isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < nearEndPx;
      list.append(...arrived.map(logElement));
      while (list.children.length > mostLines) list.firstElementChild?.remove();
      empty.hidden = list.children.length > 0;
      if (isAtEnd) scroller.scrollTop = scroller.scrollHeight;
      arrived = [];
    }

    async function askMore(): Promise<void> {
      const state = watched.state();
      if (state === null) return;
      if (state.role !== "owner") return toast("Only its owner can do more here.");
      const deed = await choose(state.name, deedChoices(deedsFor(state)));
      if (deed !== null) await watched.perform(deed);
    }

    const socket = openLiveSocket({
      target: () => app.socketTarget("logs", environmentId),
      read: readFrame,
      onFrame(frame) {
        const line = logLineOf(frame);
        if (line !== null) add(line);
        else if (frame.type === "welcome") clear();
        else if (frame.type === "status_update") watched.heard(frame.phase, frame.message);
      },
      onConnection(connection) {
        bar.showConnection(connection);
        pill.show(connection);
        if (connection.kind === "closed") watched.lookNow();
      },
      signal,
    });
    const pills = el("div", { class: "pills" }, pill.element, warning.element);
    const pane = el("div", { class: "log-pane" }, scroller, empty, pills);
    return el("section", { class: "terminal-view" }, bar.element, pane);
  };

function logElement({ timestamp, level, text }: LogLine): HTMLElement {
  const time = new Date(timestamp);
  const clock = Number.isNaN(time.getTime()) ? "" : time.toLocaleTimeString();
  return el("li", { "data-level": level }, el("time", { datetime: timestamp }, clock), el("span", {}, plainText(text)));
}
