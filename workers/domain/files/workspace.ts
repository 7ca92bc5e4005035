/** What every use of an environment's files begins with: whose it is, whether it runs, where the path leads. */
import { readFilePath } from "../../../durable-objects/protocol/file-paths.ts";
import { type FileFailure, fileFailures } from "../../../durable-objects/protocol/files.ts";
import { hasShell } from "../../../durable-objects/protocol/vocabulary.ts";
import { Failed } from "../../rules/failures.ts";
import { allowedActions, phaseAt } from "../../rules/lifecycle.ts";
import type { Deps } from "../deps.ts";
import { type Owner, ownEnvironment } from "../environments/view.ts";

const retryAfterSeconds = 5;

/** An environment whose files can be reached. */
export interface Workspace {
  environmentId: string;
  ownerId: string;
  clusterId: string;
}

/** The owner's, and running: fails as `not_found` or `invalid_state`. Guests reach files through the terminal alone. */
export async function openWorkspace(deps: Deps, owner: Owner, id: string): Promise<Workspace> {
  const row = phaseAt(await ownEnvironment(deps, owner, id), deps.now());
  if (hasShell(row.phase)) return { environmentId: row.id, ownerId: owner.userId, clusterId: row.clusterId };
  const allowed = allowedActions(row, deps.now());
  throw new Failed({ kind: "invalid_state", phase: row.phase, action: "use files", allowed });
}

/** A path that a person wrote, as it goes over the wire; fails as `file_refused`. */
export function pathOf(text: string): string {
  const read = readFilePath(text);
  if (!read.ok) throw new Failed({ kind: "file_refused", reason: read.problem });
  return read.path;
}

const withEvidence: readonly FileFailure[] = ["unsafe_archive", "upload_incomplete"];

/** Why a cluster did not do it, as people are told. What is no refusal of a file's is a bridge that cannot serve now. */
export function failFor({ code, message }: { code: string; message: string }): never {
  if (code === "too_many_transfers")
    throw new Failed({ kind: "too_many_requests", what: "transfers", retryAfterSeconds });
  const reason = fileFailures.find((each) => each === code);
  if (reason === undefined) throw new Failed({ kind: "unavailable", dependency: "bridge", retryAfterSeconds });
  if (reason === "file_changed") throw new Failed({ kind: "precondition_failed" });
  throw new Failed({ kind: "file_refused", reason, ...(withEvidence.includes(reason) ? { evidence: message } : {}) });
}

/** An answer that is of no kind the question has. */
export function failForAnswer(answer: { kind: string; code?: string; message?: string }): never {
  failFor({ code: answer.code ?? "unavailable", message: answer.message ?? "" });
}
