/** The calls about an environment's files by name. Each throws `Failed`; the caller shows what `explain` says. */
import * as z from "zod/mini";
import { type Client, parseAnswer } from "./client.ts";

const fileSchema = z.object({
  name: z.string(),
  /** null: its name is no text, and nothing can be done with it from here. */
  path: z.nullable(z.string()),
  kind: z.enum(["file", "directory", "link", "other"]),
  size: z.number(),
  modified_at: z.string(),
});
export type FileEntry = z.infer<typeof fileSchema>;

const listSchema = z.object({ files: z.array(fileSchema), pagination: z.object({ has_more: z.boolean() }) });
export type FilePage = z.infer<typeof listSchema>;

const uploadSchema = z.object({ id: z.string(), part_bytes: z.number(), received: z.array(z.number()) });
export type UploadState = z.infer<typeof uploadSchema>;

export interface FileCalls {
  files(environmentId: string, path: string, offset: number): Promise<FilePage>;
  makeDirectory(environmentId: string, path: string): Promise<void>;
  moveFile(environmentId: string, from: string, to: string): Promise<void>;
  /** A directory with all that is in it. */
  removeFile(environmentId: string, path: string): Promise<void>;
  /** A file's content, or a directory's as a tar archive; where it is kept is the browser's affair. */
  download(environmentId: string, entry: { path: string; kind: FileEntry["kind"] }): Promise<Blob>;
  beginUpload(environmentId: string, path: string, length: number, partBytes: number): Promise<UploadState>;
  uploadState(environmentId: string, id: string): Promise<UploadState>;
  putPart(environmentId: string, id: string, part: number, content: Blob): Promise<void>;
  finishUpload(environmentId: string, id: string): Promise<void>;
}

const pageSize = 100;

export function createFileCalls({ request, fetchBytes }: Client): FileCalls {
  const at = (environmentId: string, rest = "") => `/environments/${environmentId}/files${rest}`;
  const query = (path: string) => `path=${encodeURIComponent(path)}`;
  const upload = async (call: Parameters<Client["request"]>[0]) => parseAnswer(uploadSchema, await request(call));
  return {
    async files(environmentId, path, offset) {
      const list = `?${query(path)}&limit=${pageSize}&offset=${offset}`;
      return parseAnswer(listSchema, await request({ method: "GET", path: at(environmentId, list) }));
    },
    async makeDirectory(environmentId, path) {
      await request({ method: "POST", path: at(environmentId, "/directories"), body: { path } });
    },
    async moveFile(environmentId, from, to) {
      await request({ method: "POST", path: at(environmentId, "/move"), body: { from, to } });
    },
    async removeFile(environmentId, path) {
      await request({ method: "DELETE", path: at(environmentId, `/content?${query(path)}&recursive=true`) });
    },
    async download(environmentId, { path, kind }) {
      const what = kind === "directory" ? "archive" : "content";
      return await fetchBytes({ method: "GET", path: at(environmentId, `/${what}?${query(path)}`) });
    },
    beginUpload: (environmentId, path, length, part_bytes) =>
      upload({ method: "POST", path: at(environmentId, "/uploads"), body: { path, length, part_bytes } }),
    uploadState: (environmentId, id) => upload({ method: "GET", path: at(environmentId, `/uploads/${id}`) }),
    async putPart(environmentId, id, part, bytes) {
      await request({ method: "PUT", path: at(environmentId, `/uploads/${id}/parts/${part}`), bytes });
    },
    async finishUpload(environmentId, id) {
      await request({ method: "POST", path: at(environmentId, `/uploads/${id}/finish`) });
    },
  };
}
