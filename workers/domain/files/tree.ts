/** Directories and names: what is small enough to be asked of the cluster over its control link. */
import type { AnswerResult } from "../../../durable-objects/protocol/bridge-link.ts";
import type { FileFacts } from "../../../durable-objects/protocol/files.ts";
import type { Deps } from "../deps.ts";
import type { Actor, Owner } from "../environments/view.ts";
import { auditFile } from "./audited.ts";
import { failForAnswer, openWorkspace, pathOf } from "./workspace.ts";

export interface WrittenFile {
  path: string;
  file: FileFacts;
  isNew: boolean;
}

/** A page of a directory; fewer entries than asked for where more do not fit into an answer. */
export async function listFiles(
  deps: Deps,
  owner: Owner,
  id: string,
  asked: { path: string; offset: number; limit: number },
): Promise<{ path: string; files: FileFacts[]; total: number }> {
  const { environmentId: environment_id, clusterId } = await openWorkspace(deps, owner, id);
  const { offset, limit } = asked;
  const path = pathOf(asked.path);
  const question = { kind: "list_files", environment_id, path, offset, limit } as const;
  const answer = await deps.objects.cluster(clusterId).ask(question, deps.requestId);
  return answer.kind === "files" ? { path, files: answer.files, total: answer.total } : failForAnswer(answer);
}

export async function statFile(deps: Deps, owner: Owner, id: string, text: string): Promise<WrittenFile> {
  const { environmentId: environment_id, clusterId } = await openWorkspace(deps, owner, id);
  const path = pathOf(text);
  const answer = await deps.objects.cluster(clusterId).ask({ kind: "stat_file", environment_id, path }, deps.requestId);
  return writtenIn(answer, path);
}

/** Makes a directory and those on the way to it. */
export async function makeDirectory(deps: Deps, actor: Actor, id: string, text: string): Promise<WrittenFile> {
  const { environmentId: environment_id, clusterId } = await openWorkspace(deps, actor, id);
  const path = pathOf(text);
  const question = { kind: "make_directory", environment_id, path } as const;
  const made = writtenIn(await deps.objects.cluster(clusterId).ask(question, deps.requestId), path);
  if (made.isNew) auditFile(deps, actor, environment_id, { action: "file.make_directory", paths: { path } });
  return made;
}

/** Renames or moves; over a file only with `replace`. */
export async function moveFile(
  deps: Deps,
  actor: Actor,
  id: string,
  asked: { from: string; to: string; replace: boolean },
): Promise<WrittenFile> {
  const { environmentId: environment_id, clusterId } = await openWorkspace(deps, actor, id);
  const [from, to] = [pathOf(asked.from), pathOf(asked.to)];
  const question = { kind: "move_file", environment_id, from, to, replace: asked.replace } as const;
  const moved = writtenIn(await deps.objects.cluster(clusterId).ask(question, deps.requestId), to);
  auditFile(deps, actor, environment_id, {
    action: "file.move",
    paths: { from, to },
    facts: { replace: asked.replace },
  });
  return moved;
}

/** Removes a file or a directory, a full one only with `recursive`. */
export async function removeFile(
  deps: Deps,
  actor: Actor,
  id: string,
  asked: { path: string; recursive: boolean },
): Promise<void> {
  const { environmentId, clusterId } = await openWorkspace(deps, actor, id);
  const { recursive } = asked;
  const path = pathOf(asked.path);
  const question = { kind: "remove_file", environment_id: environmentId, path, recursive } as const;
  const answer = await deps.objects.cluster(clusterId).ask(question, deps.requestId);
  if (answer.kind !== "file_removed") failForAnswer(answer);
  auditFile(deps, actor, environmentId, { action: "file.remove", paths: { path }, facts: { recursive } });
}

export function writtenIn(answer: AnswerResult, path: string): WrittenFile {
  return answer.kind === "file" ? { path, file: answer.file, isNew: answer.is_new } : failForAnswer(answer);
}
