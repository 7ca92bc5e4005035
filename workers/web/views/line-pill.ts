/** What floats over the terminal while its line is not live. It takes no room, so nothing moves when it goes. */
import { el, setText } from "../dom.ts";
import type { Connection } from "../terminal/live-socket.ts";

export interface LinePill {
  element: HTMLElement;
  show(connection: Connection): void;
}

export function linePill(onReconnect: () => void): LinePill {
  const text = el("span");
  const button = el("button", { class: "button small", type: "button", onclick: onReconnect }, "Reconnect");
  const element = el("div", { class: "pill", hidden: true }, text, button);
  return {
    element,
    show(connection) {
      element.hidden = connection.kind === "live";
      element.dataset["kind"] = connection.kind;
      button.hidden = connection.kind !== "closed";
      setText(text, pillText(connection));
    },
  };
}

function pillText(connection: Connection): string {
  switch (connection.kind) {
    case "connecting":
      return "Connecting…";
    case "reconnecting":
      return "Connection lost. Reconnecting…";
    case "closed":
      return `Closed: ${connection.reason}`;
    case "lagging":
      return "Slow connection";
    case "live":
      return "";
  }
}
