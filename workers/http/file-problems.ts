/** The part of the map from failures to HTTP that is about files. */
import type { FileFailure } from "../../durable-objects/protocol/files.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import type { Problem } from "./problems.ts";

type Reason = Exclude<FileFailure, "file_changed">;

const told: Record<Reason, Pick<Problem, "status" | "detail">> = {
  path_not_found: { status: 404, detail: "There is nothing at this path" },
  not_a_file: { status: 409, detail: "What is at this path is not a file" },
  not_a_directory: { status: 409, detail: "Something on the way is not a directory" },
  path_exists: { status: 409, detail: "There is something at this path already" },
  directory_not_empty: { status: 409, detail: "The directory is not empty: use ?recursive=true" },
  outside_workspace: { status: 403, detail: "The path leads out of the workspace" },
  bad_path: { status: 400, detail: "This path cannot be" },
  path_forbidden: { status: 403, detail: "The environment does not allow this at this path" },
  file_too_large: { status: 413, detail: "The file is too large for the file system" },
  no_space: { status: 507, detail: "There is no space left for it in the environment" },
  bad_archive: { status: 422, detail: "This is not a tar archive, or it is cut" },
  unsafe_archive: { status: 422, detail: "Something in the archive is not unpacked" },
  too_many_entries: { status: 413, detail: `An archive may have ${limits.maxArchiveEntries} entries` },
  upload_not_found: { status: 404, detail: "There is no such upload" },
  upload_incomplete: { status: 409, detail: "Parts are missing" },
  too_many_uploads: { status: 409, detail: `There are ${limits.maxUploads} unfinished uploads already` },
};

/** A refusal of a file's, with what the cluster said of it where that helps. */
export function fileProblem(reason: Reason, evidence?: string): Problem {
  const { status, detail } = told[reason];
  return { status, code: reason, detail: evidence === undefined ? detail : `${detail}: ${evidence}` };
}
