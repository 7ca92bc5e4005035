/** Answers what is asked of an environment's files. Bounded: a page of a directory fits into one frame of the link. */
import type { AnswerResult, Question } from "../durable-objects/protocol/bridge-link.ts";
import type { FileFacts } from "../durable-objects/protocol/files.ts";
import { limits } from "../durable-objects/protocol/timing.ts";
import type { EnvironmentFiles, WrittenFile } from "./runtime/files.ts";

/** Leaves room for the frame around the entries. */
const maxFilesBytes = limits.maxBridgeFrameBytes - 1_024;

export type FileQuestion = Extract<
  Question,
  { kind: "list_files" | "stat_file" | "make_directory" | "move_file" | "remove_file" | `${string}_upload` }
>;

export async function askOfFiles(files: EnvironmentFiles, question: FileQuestion): Promise<AnswerResult> {
  switch (question.kind) {
    case "list_files": {
      const { files: page, total } = await files.list(question.path, question);
      return { kind: "files", files: firstThatFit(page), total };
    }
    case "stat_file":
      return fileAnswer({ file: await files.stat(question.path), isNew: false });
    case "make_directory":
      return fileAnswer(await files.makeDirectory(question.path));
    case "move_file":
      return fileAnswer(await files.move(question.from, question.to, question.replace));
    case "remove_file":
      await files.remove(question.path, question.recursive);
      return { kind: "file_removed" };
    default:
      return await askOfUploads(files, question);
  }
}

type UploadQuestion = Extract<FileQuestion, { kind: `${string}_upload` }>;

async function askOfUploads(files: EnvironmentFiles, question: UploadQuestion): Promise<AnswerResult> {
  switch (question.kind) {
    case "begin_upload": {
      const { id, path, length, part_bytes: partBytes, condition } = question;
      return { kind: "upload", upload: await files.beginUpload({ id, path, length, partBytes, condition }) };
    }
    case "find_upload":
      return { kind: "upload", upload: await files.findUpload(question.upload) };
    case "finish_upload":
      return fileAnswer(await files.finishUpload(question.upload));
    case "abandon_upload":
      await files.abandonUpload(question.upload);
      return { kind: "upload_abandoned" };
  }
}

function fileAnswer({ file, isNew }: WrittenFile): AnswerResult {
  return { kind: "file", file, is_new: isNew };
}

/** Whoever asks for the next page begins after these. */
function firstThatFit(files: FileFacts[]): FileFacts[] {
  let bytes = 0;
  const end = files.findIndex((file) => {
    bytes += Buffer.byteLength(JSON.stringify(file)) + 1;
    return bytes > maxFilesBytes;
  });
  return end === -1 ? files : files.slice(0, end);
}
