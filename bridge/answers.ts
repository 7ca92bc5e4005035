/** Answers what only the cluster can tell. Bounded: an answer fits into one frame of the link. */
import {
  type AnswerResult,
  answerResultSchema,
  type LogEntry,
  type Question,
} from "../durable-objects/protocol/bridge-link.ts";
import { limits } from "../durable-objects/protocol/timing.ts";
import type { WindowInFull } from "../durable-objects/protocol/windows.ts";
import { askOfFiles } from "./file-answers.ts";
import { type Runtime, RuntimeFailure } from "./runtime/runtime.ts";

/** Leaves room for the frame around the entries. */
const maxEntriesBytes = limits.maxBridgeFrameBytes - 1_024;
/** Leaves room for the frame around it. */
const maxResultBytes = limits.maxBridgeFrameBytes - 128;
/** Leaves room for every listed window with the longest name. */
const maxPanesBytes = limits.maxBridgeFrameBytes - limits.maxListedWindows * 512;

/** The answer to a question; what a runtime refuses becomes `failed`, anything else is a bug and rejects. */
export async function answer(runtime: Runtime, question: Question): Promise<AnswerResult> {
  try {
    return sendable(await ask(runtime, question));
  } catch (error) {
    if (!(error instanceof RuntimeFailure)) throw error;
    const code = error.code === "refused" ? "unavailable" : error.code;
    return { kind: "failed", code, message: error.message };
  }
}

/**
 * Much of an answer is what an environment's own programs say, and the cluster closes the link for one that it does not
 * understand: nobody's environment may bring the bridge down for everybody by what it says.
 */
function sendable(result: AnswerResult): AnswerResult {
  const isSaid =
    answerResultSchema.safeParse(result).success && Buffer.byteLength(JSON.stringify(result)) <= maxResultBytes;
  if (!isSaid) throw new RuntimeFailure("unavailable", "What the environment tells cannot be passed on");
  return result;
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
    case "windows":
    case "create_window":
    case "change_window":
    case "close_window":
      return await askOfWindows(runtime, question);
    default:
      return await askOfFiles(await runtime.files(question.environment_id), question);
  }
}

type WindowQuestion = Extract<Question, { kind: "windows" | `${string}_window` }>;

async function askOfWindows(runtime: Runtime, question: WindowQuestion): Promise<AnswerResult> {
  const { environment_id: id } = question;
  switch (question.kind) {
    case "windows":
      return { kind: "windows", windows: windowsThatFit(await runtime.windows(id)) };
    case "create_window": {
      const { name, cwd, is_active: isActive = false } = question;
      return { kind: "window", window: await runtime.createWindow(id, { name, cwd, isActive }) };
    }
    case "change_window": {
      const { window, name, position, is_active: isActive } = question;
      return { kind: "window", window: await runtime.changeWindow(id, window, { name, position, isActive }) };
    }
    case "close_window":
      await runtime.closeWindow(id, question.window);
      return { kind: "window_closed" };
  }
}

/** All windows; of very many panes, with long titles, the first ones. */
function windowsThatFit(windows: WindowInFull[]): WindowInFull[] {
  let bytes = 0;
  return windows.map((window) => {
    const bare = { ...window, panes: [] };
    bytes += Buffer.byteLength(JSON.stringify(bare)) + 1;
    const panes = window.panes.filter((pane) => {
      const size = Buffer.byteLength(JSON.stringify(pane)) + 1;
      if (bytes + size > maxPanesBytes) return false;
      bytes += size;
      return true;
    });
    return { ...window, panes };
  });
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
