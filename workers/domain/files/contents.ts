/** The contents of files: read, written, packed and unpacked, never held here. */
import type { FileCondition, FileFacts } from "../../../durable-objects/protocol/files.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import type { Range } from "../../../durable-objects/protocol/transfers.ts";
import { Failed } from "../../rules/failures.ts";
import type { Deps } from "../deps.ts";
import type { Actor, Owner } from "../environments/view.ts";
import { auditFile } from "./audited.ts";
import { type Body, transfer } from "./transfers.ts";
import type { WrittenFile } from "./tree.ts";
import { failFor, openWorkspace, pathOf } from "./workspace.ts";

/** What somebody has of a file already, and which part of it they want. */
export interface ReadWish {
  range: Range | null;
  ifRange: string | null;
  ifNoneMatch: string[];
}

export type ReadOutcome =
  | { kind: "not_modified"; file: FileFacts }
  | { kind: "content"; file: FileFacts; from: number; length: number; isWhole: boolean; body: Body };

/** A file's content as it comes. Fails as `range_not_satisfiable`. */
export async function readFile(
  deps: Deps,
  owner: Owner,
  id: string,
  asked: ReadWish & { path: string },
): Promise<ReadOutcome> {
  const workspace = await openWorkspace(deps, owner, id);
  const { environmentId: environment_id } = workspace;
  const { range, ifRange: if_range, ifNoneMatch: if_none_match } = asked;
  const wish = { path: pathOf(asked.path), range, if_range, if_none_match };
  const { head, body } = await transfer(deps, workspace, { kind: "read_file", environment_id, ...wish }, null);
  if (head.kind === "unsatisfiable") throw new Failed({ kind: "range_not_satisfiable", size: head.size });
  if (head.kind === "not_modified") return { kind: "not_modified", file: head.file };
  if (head.kind !== "content") return noAnswer();
  return { kind: "content", file: head.file, from: head.from, length: head.length, isWhole: head.is_whole, body };
}

/** Something that is sent, with the length that was said of it. */
export interface Sent {
  body: Body;
  /** null = nothing was said. */
  length: number | null;
}

/** Writes a file, all of it or nothing. Fails as `length_required`, `send_in_parts`, `precondition_failed`. */
export async function writeFile(
  deps: Deps,
  actor: Actor,
  id: string,
  asked: Sent & { path: string; condition: FileCondition },
): Promise<WrittenFile> {
  const workspace = await openWorkspace(deps, actor, id);
  const path = pathOf(asked.path);
  const order = {
    kind: "write_file",
    environment_id: workspace.environmentId,
    path,
    length: lengthOf(asked),
    condition: asked.condition,
  } as const;
  const { head } = await transfer(deps, workspace, order, bodyOf(asked));
  if (head.kind !== "written") return noAnswer();
  const facts = { is_new: head.is_new, size: head.file.size };
  auditFile(deps, actor, workspace.environmentId, { action: "file.write", paths: { path }, facts });
  return { path, file: head.file, isNew: head.is_new };
}

/** A directory or file as a tar archive, and what to call it. */
export async function packFiles(
  deps: Deps,
  owner: Owner,
  id: string,
  text: string,
): Promise<{ name: string; body: Body }> {
  const workspace = await openWorkspace(deps, owner, id);
  const order = { kind: "pack", environment_id: workspace.environmentId, path: pathOf(text) } as const;
  const { head, body } = await transfer(deps, workspace, order, null);
  return head.kind === "archive" ? { name: head.name || "workspace", body } : noAnswer();
}

/** Unpacks a tar archive into a directory, all of it or nothing, and tells how many entries it had. */
export async function unpackFiles(
  deps: Deps,
  actor: Actor,
  id: string,
  asked: Sent & { path: string },
): Promise<{ path: string; entries: number }> {
  const workspace = await openWorkspace(deps, actor, id);
  const { environmentId: environment_id } = workspace;
  const path = pathOf(asked.path);
  const order = { kind: "unpack", environment_id, path, length: lengthOf(asked) } as const;
  const { head } = await transfer(deps, workspace, order, bodyOf(asked));
  if (head.kind !== "unpacked") return noAnswer();
  const { entries } = head;
  auditFile(deps, actor, environment_id, { action: "file.unpack", paths: { path }, facts: { entries } });
  return { path, entries };
}

/** The length that has to be said, within what one request may carry. */
export function lengthOf({ length }: Sent): number {
  if (length === null) throw new Failed({ kind: "length_required" });
  if (length > limits.maxTransferBytes) throw new Failed({ kind: "send_in_parts", maxBytes: limits.maxTransferBytes });
  return length;
}

/** Nothing is sent where nothing was said to come. */
export function bodyOf({ body, length }: Sent): Body {
  return length === 0 ? null : body;
}

function noAnswer(): never {
  return failFor({ code: "unavailable", message: "" });
}
