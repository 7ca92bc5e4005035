/** The lines of a container's log as the messages of the logs socket. */
import type { LogMessage } from "../../../../durable-objects/protocol/client.ts";
import { type InitState, parseInitLine } from "../init/lines.ts";
import type { LogLine } from "./follow.ts";

const maxCharacters = 4_000;

/** What a line says to people; null for one that says nothing to them. */
export function messageOf(environmentId: string, { timestamp, text }: LogLine): LogMessage | null {
  const line = parseInitLine(text);
  const installation = { environment_id: environmentId, timestamp };
  switch (line.kind) {
    case "output":
      return { type: "installation_log", ...installation, data: line.text.slice(0, maxCharacters) };
    case "command":
      return { type: "installation_log", ...installation, data: `$ ${line.text}`.slice(0, maxCharacters) };
    case "notice":
      return {
        type: "log",
        timestamp,
        level: "info",
        message: line.text.slice(0, maxCharacters),
        source: "environment",
      };
    case "state":
      return stateMessage(installation, line.state);
  }
}

/** What failed, in words. */
export function failureMessage({ failures }: Extract<InitState, { kind: "failed" }>): string {
  const told = failures.map(({ index, exitCode }) => `${index + 1} failed (exit ${exitCode})`);
  return `Startup command ${told.join("; ")}`.slice(0, 450);
}

function stateMessage(
  installation: { environment_id: string; timestamp: string },
  state: InitState,
): LogMessage | null {
  const { timestamp } = installation;
  switch (state.kind) {
    case "starting":
      return { type: "log", timestamp, level: "info", message: "Environment started", source: "environment" };
    case "waiting":
      return null;
    case "installing":
      return state.index === 0 ? { type: "installation_status", ...installation, status: "installing" } : null;
    case "completed":
      return { type: "installation_complete", ...installation };
    case "failed":
      return { type: "installation_error", ...installation, message: failureMessage(state) };
  }
}
