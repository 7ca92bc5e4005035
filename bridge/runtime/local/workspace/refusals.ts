/** What a file system refuses, as failures with names: to be expected where people may do as they like. */
import { RuntimeFailure, type RuntimeFailureCode } from "../../runtime.ts";

const codes: Readonly<Record<string, RuntimeFailureCode>> = {
  ENOENT: "path_not_found",
  ENOTDIR: "not_a_directory",
  EISDIR: "not_a_file",
  EEXIST: "path_exists",
  ENOTEMPTY: "directory_not_empty",
  EACCES: "path_forbidden",
  EPERM: "path_forbidden",
  EROFS: "path_forbidden",
  EXDEV: "path_forbidden",
  EBUSY: "path_forbidden",
  ETXTBSY: "path_forbidden",
  ENXIO: "not_a_file",
  ENOSPC: "no_space",
  EDQUOT: "no_space",
  EFBIG: "file_too_large",
  ENAMETOOLONG: "bad_path",
  EINVAL: "bad_path",
  ELOOP: "bad_path",
};

/** Does the work; what the file system refuses is thrown as a RuntimeFailure, anything else as it is. */
export async function refusing<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw asRefusal(error);
  }
}

function asRefusal(error: unknown): unknown {
  const errno = (error as NodeJS.ErrnoException).code ?? "";
  const code = codes[errno];
  return error instanceof RuntimeFailure || code === undefined
    ? error
    : new RuntimeFailure(code, sentences[code] ?? errno);
}

const sentences: Partial<Record<RuntimeFailureCode, string>> = {
  path_not_found: "There is nothing at this path",
  not_a_directory: "Something on the way is not a directory",
  not_a_file: "It is not a file",
  path_exists: "There is something at this path already",
  directory_not_empty: "The directory is not empty",
  path_forbidden: "The file system refuses it",
  no_space: "There is no space left",
  file_too_large: "The file is too large for the file system",
  bad_path: "The path cannot be",
};

/** Whether an error of the file system has one of these codes. */
export function isErrno(error: unknown, ...errnos: string[]): boolean {
  return errnos.includes((error as NodeJS.ErrnoException).code ?? "");
}
