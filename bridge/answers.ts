/** Answers what only the cluster can tell. Bounded: an answer fits into one frame of the link. */
import type { AnswerResult, LogEntry, Question } from "../durable-objects/protocol/bridge-link.ts";
import { limits } from "../durable-objects/protocol/timing.ts";
import { type Runtime, RuntimeFailure } from "./runtime/runtime.ts";

/** Leaves room for the frame around the entries. */
const maxEntriesBytes = limits.maxBridgeFrameBytes - 1_024;

/** The answer to a question; what a runtime refuses becomes `failed`, anything else is a bug and rejects. */
export async function answer(runtime: Runtime, question: Question): Promise<AnswerResult> {
  try {
    return await ask(runtime, question);
  } catch (error) {
    if (!(error instanceof RuntimeFailure)) throw error;
    const code = error.code === "refused" ? "unavailable" : error.code;
    return { kind: "failed", code, message: error.message };
  }
}

async function ask(runtime: Runtime, question: Question): Promise<AnswerResult> {
  switch (question.kind) {
    case "logs": {
      const { lines, since } = question;
      const { entries, hasMore } = await runtime.logs(question.environment_id, { lines, since });
      const fitting = newestThatFit(entries);
      return { kind: "logs", entries: fitting, has_more: hasMore || fitting.length < entries.length };
    }
    case "metrics":
      return { kind: "metrics", readings: await runtime.readings(question.environment_id) };
  }
}

function newestThatFit(entries: LogEntry[]): LogEntry[] {
  let bytes = 0;
  let from = entries.length;
  while (from > 0) {
    bytes += Buffer.byteLength(JSON.stringify(entries[from - 1])) + 1;
    if (bytes > maxEntriesBytes) break;
    from -= 1;
  }
  return entries.slice(from);
}
