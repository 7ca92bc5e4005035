/** The windows of an environment: what its cluster is asked, and what its answers mean to who asked. */
import type { AnswerResult, Question } from "../../../durable-objects/protocol/bridge-link.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { hasShell } from "../../../durable-objects/protocol/vocabulary.ts";
import { type WindowInFull, windowIdSchema } from "../../../durable-objects/protocol/windows.ts";
import { Failed } from "../../rules/failures.ts";
import { allowedActions, phaseAt } from "../../rules/lifecycle.ts";
import type { Deps } from "../deps.ts";
import { type Owner, ownEnvironment } from "./view.ts";

const retryAfterSeconds = 5;

export interface WindowWish {
  name?: string | undefined;
  cwd?: string | undefined;
  is_active?: boolean | undefined;
}

export interface WindowChange {
  name?: string | undefined;
  position?: number | undefined;
  is_active?: true | undefined;
}

/** The windows in their order. As all of these it fails as `not_found`, `invalid_state` or `unavailable`. */
export async function readWindows(deps: Deps, owner: Owner, id: string): Promise<WindowInFull[]> {
  const answer = await ask(deps, owner, id, { kind: "windows", environment_id: id });
  return answer.kind === "windows" ? answer.windows : fail(answer);
}

/** Opens a window. Fails as `limit_reached`, and as `invalid_input` for a directory that is not there. */
export async function createWindow(deps: Deps, owner: Owner, id: string, wish: WindowWish): Promise<WindowInFull> {
  const answer = await ask(deps, owner, id, { kind: "create_window", environment_id: id, ...wish });
  return answer.kind === "window" ? answer.window : fail(answer);
}

/** Renames, moves and selects a window. */
export async function changeWindow(
  deps: Deps,
  owner: Owner,
  id: string,
  window: string,
  change: WindowChange,
): Promise<WindowInFull> {
  const answer = await ask(deps, owner, id, { kind: "change_window", environment_id: id, window, ...change });
  return answer.kind === "window" ? answer.window : fail(answer);
}

/** Closes a window and ends what runs in it. Fails as `last_window`. */
export async function closeWindow(deps: Deps, owner: Owner, id: string, window: string): Promise<void> {
  const answer = await ask(deps, owner, id, { kind: "close_window", environment_id: id, window });
  if (answer.kind !== "window_closed") fail(answer);
}

async function ask(deps: Deps, owner: Owner, id: string, question: Question): Promise<AnswerResult> {
  const row = phaseAt(await ownEnvironment(deps, owner, id), deps.now());
  if (!hasShell(row.phase)) {
    const allowed = allowedActions(row, deps.now());
    throw new Failed({ kind: "invalid_state", phase: row.phase, action: "use windows", allowed });
  }
  const isNamed = !("window" in question) || windowIdSchema.safeParse(question.window).success;
  if (!isNamed) throw new Failed({ kind: "not_found", what: "window" });
  return await deps.objects.cluster(row.clusterId).ask(question, deps.requestId);
}

/** Whose shell is not there yet, or no longer, is where a moment later the phase will tell more. */
function fail(answer: AnswerResult): never {
  switch (answer.kind === "failed" ? answer.code : "unavailable") {
    case "window_not_found":
      throw new Failed({ kind: "not_found", what: "window" });
    case "last_window":
      throw new Failed({ kind: "last_window" });
    case "too_many_windows":
      throw new Failed({ kind: "limit_reached", what: "windows", limit: limits.maxWindows });
    case "bad_directory": {
      const message = "is not a directory of the environment";
      throw new Failed({ kind: "invalid_input", errors: [{ field: "cwd", message, code: "not_a_directory" }] });
    }
    default:
      throw new Failed({ kind: "unavailable", dependency: "bridge", retryAfterSeconds });
  }
}
