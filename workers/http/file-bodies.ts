/**
 * Requests whose body is somebody's file: it is passed on as it comes, so that neither the limit of other bodies nor the
 * dialect may look into it, and answers that are somebody's file: whatever is in it, no browser runs it here.
 */
import type { FileCondition } from "../../durable-objects/protocol/files.ts";
import type { Range } from "../../durable-objects/protocol/transfers.ts";
import { mediaTypeOf } from "../rules/media-types.ts";
import type { AppContext } from "./context.ts";

const filePath = /^\/api\/v1\/environments\/[^/]+\/files\/(content|archive|uploads\/[^/]+\/parts\/[^/]+)\/?$/;

/** Whether the body of this request is a file. */
export function isFileBody(c: AppContext): boolean {
  return c.req.method === "PUT" && filePath.test(c.req.path);
}

/** Whether what is answered here is a file. */
export function isFilePath(pathname: string): boolean {
  return filePath.test(pathname);
}

/** The body as it comes, and the length that was said of it. */
export function sentFile(c: AppContext): { body: ReadableStream<Uint8Array> | null; length: number | null } {
  const said = c.req.header("content-length");
  const length = said !== undefined && /^\d{1,15}$/.test(said) ? Number(said) : null;
  return { body: c.req.raw.body, length };
}

/** What must be true of a file that is written over, from If-Match and If-None-Match. */
export function conditionOf(c: AppContext): FileCondition {
  const absent = tagsIn(c.req.header("if-none-match"));
  if (absent.includes("*")) return { kind: "absent" };
  const header = c.req.header("if-match");
  if (header === undefined) return null;
  const etags = tagsIn(header);
  return etags.includes("*") ? { kind: "present" } : { kind: "one_of", etags };
}

/** The tags of a header without their quotes. A proxy that compresses makes ours weak; they are still ours. */
export function tagsIn(header: string | undefined): string[] {
  if (header === undefined) return [];
  if (header.trim() === "*") return ["*"];
  const tags = [...header.matchAll(/(?:W\/)?"([^"]{0,128})"/g)].map(([, tag = ""]) => tag);
  return tags.slice(0, 16);
}

/** One range of bytes; anything else that a Range header may say is answered with the whole file, as RFC 9110 allows. */
export function rangeIn(header: string | undefined): Range | null {
  const [, from = "", to = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "") ?? [];
  if (from === "") return to === "" ? null : { kind: "last", count: Number(to) };
  if (to !== "" && Number(to) < Number(from)) return null;
  return { kind: "between", from: Number(from), to: to === "" ? null : Number(to) };
}

/** Headers of an answer that is a file: to be kept, not shown, whatever it calls itself. */
export function fileHeaders(name: string): Record<string, string> {
  return {
    "Content-Type": mediaTypeOf(name),
    "Content-Disposition": `attachment; filename="${asciiName(name)}"; filename*=UTF-8''${encodedName(name)}`,
    // Who compresses on the way would take length and ranges from it.
    "Cache-Control": "private, no-cache, no-transform",
  };
}

function asciiName(name: string): string {
  return name.replaceAll(/[^\x20-\x7E]|["\\%]/g, "_");
}

/** RFC 8187: what encodeURIComponent leaves as it is but may not be there. */
function encodedName(name: string): string {
  const text = name.toWellFormed();
  return encodeURIComponent(text).replaceAll(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
