/** Files that are uploaded in parts: begun, gone on with after any cut, finished at once or given up. */
import type { AnswerResult, Question } from "../../../durable-objects/protocol/bridge-link.ts";
import { type FileCondition, type Upload, uploadIdSchema } from "../../../durable-objects/protocol/files.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { Failed, type FieldError } from "../../rules/failures.ts";
import type { Deps } from "../deps.ts";
import type { Actor, Owner } from "../environments/view.ts";
import { auditFile } from "./audited.ts";
import { bodyOf, lengthOf, type Sent } from "./contents.ts";
import { transfer } from "./transfers.ts";
import { type WrittenFile, writtenIn } from "./tree.ts";
import { failFor, failForAnswer, openWorkspace, pathOf } from "./workspace.ts";

export interface UploadWish {
  path: string;
  length: number | undefined;
  part_bytes: number | undefined;
  condition: FileCondition;
}

/** Begins an upload. Fails as `invalid_input` for a length or a size of parts that cannot be. */
export async function beginUpload(deps: Deps, owner: Owner, id: string, wish: UploadWish): Promise<Upload> {
  const { environmentId: environment_id, clusterId } = await openWorkspace(deps, owner, id);
  const path = pathOf(wish.path);
  const { length, part_bytes } = sizesOf(wish);
  const question = {
    kind: "begin_upload",
    environment_id,
    id: newUploadId(deps),
    path,
    length,
    part_bytes,
    condition: wish.condition,
  } as const;
  return uploadIn(await deps.objects.cluster(clusterId).ask(question, deps.requestId));
}

/** Which parts are here. */
export async function findUpload(deps: Deps, owner: Owner, id: string, upload: string): Promise<Upload> {
  return uploadIn(await askOf(deps, owner, id, { kind: "find_upload", upload }));
}

/** Takes one part; it may come again. */
export async function putPart(
  deps: Deps,
  owner: Owner,
  id: string,
  asked: Sent & { upload: string; part: string },
): Promise<{ part: number }> {
  const workspace = await openWorkspace(deps, owner, id);
  const upload = idOf(asked.upload);
  const part = /^\d{1,4}$/.test(asked.part) ? Number(asked.part) : limits.maxUploadParts;
  if (part >= limits.maxUploadParts) throw new Failed({ kind: "file_refused", reason: "upload_not_found" });
  const { environmentId: environment_id } = workspace;
  const order = { kind: "put_part", environment_id, upload, part, length: lengthOf(asked) } as const;
  const { head } = await transfer(deps, workspace, order, bodyOf(asked));
  return head.kind === "part_taken" ? { part: head.part } : failFor({ code: "unavailable", message: "" });
}

/** Gives the file its name once every part is here. */
export async function finishUpload(deps: Deps, actor: Actor, id: string, upload: string): Promise<WrittenFile> {
  const { path } = await findUpload(deps, actor, id, upload);
  const written = writtenIn(await askOf(deps, actor, id, { kind: "finish_upload", upload }), path);
  const facts = { is_new: written.isNew, size: written.file.size };
  auditFile(deps, actor, id, { action: "file.write", paths: { path }, facts });
  return written;
}

export async function abandonUpload(deps: Deps, owner: Owner, id: string, upload: string): Promise<void> {
  const answer = await askOf(deps, owner, id, { kind: "abandon_upload", upload });
  if (answer.kind !== "upload_abandoned") failForAnswer(answer);
}

type Asked = Omit<Extract<Question, { kind: "find_upload" | "finish_upload" | "abandon_upload" }>, "environment_id">;

async function askOf(deps: Deps, owner: Owner, id: string, asked: Asked): Promise<AnswerResult> {
  const { environmentId: environment_id, clusterId } = await openWorkspace(deps, owner, id);
  const question = { ...asked, upload: idOf(asked.upload), environment_id };
  return await deps.objects.cluster(clusterId).ask(question, deps.requestId);
}

/** Any text: one that is no id is an unknown id. */
function idOf(upload: string): string {
  if (!uploadIdSchema.safeParse(upload).success) throw new Failed({ kind: "file_refused", reason: "upload_not_found" });
  return upload;
}

function uploadIn(answer: AnswerResult): Upload {
  return answer.kind === "upload" ? answer.upload : failForAnswer(answer);
}

function newUploadId(deps: Deps): string {
  return Array.from(deps.randomBytes(10), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Of a size for the parts that was left out, the smallest usual one that makes few enough of them. */
function sizesOf({ length, part_bytes: asked }: UploadWish): { length: number; part_bytes: number } {
  const errors: FieldError[] = [];
  const wrong = (field: string, message: string, code: string) => errors.push({ field, message, code });
  if (length === undefined) wrong("length", "Required", "invalid_type");
  if ((length ?? 0) > limits.maxUploadBytes) wrong("length", `must be at most ${limits.maxUploadBytes}`, "too_big");
  const partBytes = asked ?? limits.defaultPartBytes;
  const isUneven = partBytes % limits.partBlockBytes !== 0 || partBytes > limits.maxTransferBytes || partBytes === 0;
  if (isUneven) {
    const multiple = `must be a multiple of ${limits.partBlockBytes}, at most ${limits.maxTransferBytes}`;
    wrong("part_bytes", multiple, "invalid_size");
  } else if (Math.ceil((length ?? 0) / partBytes) > limits.maxUploadParts) {
    wrong("part_bytes", `makes more than ${limits.maxUploadParts} parts`, "too_small");
  }
  if (length === undefined || errors.length > 0) throw new Failed({ kind: "invalid_input", errors });
  return { length, part_bytes: partBytes };
}
