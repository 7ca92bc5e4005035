/**
 * The files of one environment, as every runtime gives them: all within its workspace, no file ever whole in memory.
 * Paths are as protocol/file-paths.ts reads them. A link is followed where it leads within the workspace; removing and
 * moving mean the link itself. What is refused is a RuntimeFailure with a code of `fileFailures`.
 */
import type { FileCondition, FileFacts, Upload } from "../../durable-objects/protocol/files.ts";

/** Bytes as they come; whoever ends the loop early lets go of what they come from. */
export type Bytes = AsyncIterable<Uint8Array>;

/** An open file: the same one whatever happens to its name. */
export interface OpenFile {
  file: FileFacts;
  /** `length` bytes from `from` on. Throws `file_changed` if somebody shortens it meanwhile. */
  read(from: number, length: number): Bytes;
  close(): Promise<void>;
}

export interface WrittenFile {
  file: FileFacts;
  isNew: boolean;
}

/** A file that is to be uploaded in parts of `partBytes`, a multiple of `limits.partBlockBytes`; the last may be smaller. */
export interface UploadWish {
  id: string;
  path: string;
  length: number;
  partBytes: number;
  condition: FileCondition;
}

export interface EnvironmentFiles {
  stat(path: string): Promise<FileFacts>;
  /** A page of a directory: directories first, then by name. At most `limits.maxDirectoryEntries` are looked at. */
  list(path: string, page: { offset: number; limit: number }): Promise<{ files: FileFacts[]; total: number }>;
  /** `not_a_file` for anything that has no content. */
  open(path: string): Promise<OpenFile>;
  /** Takes exactly `length` bytes under another name and then gives it this one, all at once: who reads sees the old file
   * or the new one. A body that is cut changes nothing. Directories on the way are made. */
  write(path: string, body: Bytes, wish: { length: number; condition: FileCondition }): Promise<WrittenFile>;
  /** Makes a directory and those on the way to it; `isNew` is false for one that is there. */
  makeDirectory(path: string): Promise<WrittenFile>;
  /** `path_exists` where something is and `replace` is false; a directory is never replaced. */
  move(from: string, to: string, replace: boolean): Promise<WrittenFile>;
  /** `directory_not_empty` unless `recursive`. It is gone at once, however much there is in it. */
  remove(path: string, recursive: boolean): Promise<void>;
  /** A tar archive of a directory, or of one file, with names from there. */
  pack(path: string): Promise<{ name: string; body: Bytes }>;
  /** Unpacks a tar archive of `length` bytes into a directory that it makes where it is missing; all of it or, if
   * anything in the archive is wrong, nothing. Tells how many entries it had. */
  unpack(path: string, body: Bytes, length: number): Promise<number>;
  beginUpload(wish: UploadWish): Promise<Upload>;
  findUpload(id: string): Promise<Upload>;
  /** A part counts once all of it is here; it may come again. */
  putPart(id: string, part: number, body: Bytes, length: number): Promise<void>;
  /** Gives it its name, as `write` does; `upload_incomplete` while a part is missing. */
  finishUpload(id: string): Promise<WrittenFile>;
  abandonUpload(id: string): Promise<void>;
}
