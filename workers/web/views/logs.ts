/** The log of an environment: what is kept of it, then what happens now. */
import { explain, Failed } from "../api/problem.ts";
import type { View } from "../app.ts";
import { el, setText } from "../dom.ts";
import { type LogLine, logLineOf } from "../terminal/frames.ts";
import { openLiveSocket } from "../terminal/live-socket.ts";
import { plainText } from "../terminal/plain-text.ts";
import { deedChoices, deedsFor } from "./actions.ts";
import { environmentBar } from "./environment-bar.ts";
import { linePill } from "./line-pill.ts";
import { choose } from "./sheet.ts";
import { watchEnvironment } from "./watch-environment.ts";

const mostLines = 2_000;

export const logsView =
  (environmentId: string): View =>
  (app, signal) => {
    const list = el("ol", { class: "log-lines", role: "log", "aria-label": "Log", tabindex: 0, "data-focus": true });
    const empty = el("p", { class: "log-empty" }, "Looking…");
    const bar = environmentBar({
      app,
      environmentId,
      other: { route: { view: "terminal", environmentId }, label: "Terminal", picture: "terminal" },
      onMore: () => void askMore(),
      signal,
    });
    const watched = watchEnvironment(app, environmentId, signal, ({ name }) => bar.showName(name));
    const pill = linePill(() => socket.reopen());

    function add(lines: readonly LogLine[]): void {
      const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
      list.append(...lines.map(logElement));
      while (list.children.length > mostLines) list.firstElementChild?.remove();
      empty.hidden = list.children.length > 0;
      if (isAtEnd) list.scrollTop = list.scrollHeight;
    }

    async function load(): Promise<void> {
      try {
        const { entries, logs } = await app.calls.logs(environmentId);
        const kept = entries?.map(({ timestamp, level, message }) => ({ timestamp, level, text: message }));
        add(kept ?? logs.map((text) => ({ timestamp: "", level: "info", text })));
        setText(empty, "Nothing was logged yet.");
      } catch (error) {
        if (!(error instanceof Failed)) throw error;
        setText(empty, explain(error.failure));
      }
    }

    async function askMore(): Promise<void> {
      const deed = await choose(watched.state().name, deedChoices(deedsFor(watched.state())));
      if (deed !== null) await watched.perform(deed);
    }

    const socket = openLiveSocket({
      url: () => app.socketUrl("logs", environmentId),
      onFrame(frame) {
        const line = logLineOf(frame);
        if (line !== null) add([line]);
        else if (frame.type === "status_update") watched.heard(frame.phase, frame.message);
      },
      onConnection(connection) {
        bar.showConnection(connection);
        pill.show(connection);
        if (connection.kind === "closed") watched.lookNow();
      },
      signal,
    });
    void load();
    const pane = el("div", { class: "log-pane" }, list, empty, pill.element);
    return el("section", { class: "terminal-view" }, bar.element, pane);
  };

function logElement({ timestamp, level, text }: LogLine): HTMLElement {
  const time = new Date(timestamp);
  const clock = Number.isNaN(time.getTime()) ? "" : time.toLocaleTimeString();
  return el("li", { "data-level": level }, el("time", { datetime: timestamp }, clock), el("span", {}, plainText(text)));
}
