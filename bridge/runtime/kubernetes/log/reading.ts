/** The log of an environment as people read it: what the lines of its container say to them. */
import type { LogEntry } from "../../../../durable-objects/protocol/bridge-link.ts";
import type { LogMessage } from "../../../../durable-objects/protocol/client.ts";
import { entriesOf } from "../../log-entries.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { ClusterProblem } from "../client/problem.ts";
import { failing } from "../failures.ts";
import type { Pod } from "../pod.ts";
import { compareTimes, followLog, type LogLine, readLog } from "./follow.ts";
import { messageOf } from "./messages.ts";

const readWithinMs = 10_000;

/** Newest `lines` entries at or after `since` (RFC 3339), oldest first. */
export async function readEntries(
  environmentId: string,
  pod: Pod,
  { lines, since }: { lines: number; since?: string | undefined },
): Promise<{ entries: LogEntry[]; hasMore: boolean }> {
  // Some lines say nothing to people.
  const query = { tailLines: 2 * lines + 100, ...(since === undefined ? {} : { sinceTime: secondOf(since) }) };
  const deadline = AbortSignal.timeout(readWithinMs);
  const read = await failing(() => readLog(pod.calls, pod.name, query, deadline)).catch(emptyIfResting);
  const from = since === undefined ? null : new Date(since).toISOString();
  const wanted = read.filter(({ timestamp }) => from === null || compareTimes(timestamp, from) >= 0);
  const entries = entriesOf(messagesOf(environmentId, wanted));
  return { entries: entries.slice(-lines), hasMore: entries.length > lines };
}

/** Tells the log so far and then as it grows, until the signal ends it or `isThere` says that there is no pod. */
export async function followMessages(
  environmentId: string,
  pod: Pod,
  options: { isThere: () => boolean; onMessages: (messages: LogMessage[]) => void; signal: AbortSignal },
): Promise<void> {
  const { isThere, onMessages, signal } = options;
  const onLines = (lines: LogLine[]) => {
    const messages = messagesOf(environmentId, lines);
    if (messages.length > 0) onMessages(messages);
  };
  await followLog(pod.calls, pod.name, { isThere, onLines, signal });
}

function messagesOf(environmentId: string, lines: readonly LogLine[]): LogMessage[] {
  return lines.flatMap((line) => messageOf(environmentId, line) ?? []);
}

/** A whole second, as the API server takes it; one that is no time at all is the beginning of all. */
function secondOf(time: string): string {
  const at = Date.parse(time);
  return new Date(Number.isNaN(at) ? 0 : at).toISOString().replace(/\.\d+Z$/, "Z");
}

/** What does not run has no log, unless its container is still there. */
function emptyIfResting(error: unknown): [] {
  const isWaiting =
    error instanceof RuntimeFailure && error.cause instanceof ClusterProblem && error.cause.kind === "malformed";
  if (isWaiting || (error instanceof RuntimeFailure && error.code === "not_running")) return [];
  throw error;
}
