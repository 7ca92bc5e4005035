/** The same log in the two shapes clients know: messages of the logs socket, entries of the REST answer. */
import type { LogEntry } from "../../durable-objects/protocol/bridge-link.ts";
import type { LogMessage } from "../../durable-objects/protocol/client.ts";

/** Every message as an entry, in the same order. */
export function entriesOf(messages: readonly LogMessage[]): LogEntry[] {
  return messages.map(entryOf);
}

function entryOf(message: LogMessage): LogEntry {
  const { timestamp } = message;
  const installation = (level: string, text: string) => ({ timestamp, level, message: text, source: "installation" });
  switch (message.type) {
    case "log":
      return { timestamp, level: message.level, message: message.message, source: message.source };
    case "installation_log":
      return installation("info", message.data);
    case "installation_status":
      return installation("info", `Installation: ${message.status}`);
    case "installation_complete":
      return installation("info", "Installation complete");
    case "installation_error":
      return installation("error", message.message);
  }
}
