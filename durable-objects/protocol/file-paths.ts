/**
 * How a file of an environment is named: by its path from the workspace, `notes/today.md`, without `.`, `..` and empty
 * segments; the workspace itself is the empty path. Pure, and the same on every side.
 */
import { z } from "zod";
import { limits } from "./timing.ts";

/** The workspace as programs inside an environment see it. */
export const workspacePath = "/workspace";

/** Beside the files that people see: what is being uploaded or removed. Nobody's path leads there. */
export const stagingName = ".devpocket";

export type PathProblem = "outside_workspace" | "bad_path" | "path_forbidden";
export type ReadPath = { ok: true; path: string } | { ok: false; problem: PathProblem };

/** Reads a path as people write it: from the workspace, or absolute and below `/workspace`. Nothing may lead upwards. */
export function readFilePath(text: string): ReadPath {
  if (text.includes("\0") || !text.isWellFormed()) return { ok: false, problem: "bad_path" };
  const isAbsolute = text.startsWith("/");
  if (isAbsolute && !`${text}/`.startsWith(`${workspacePath}/`)) return { ok: false, problem: "outside_workspace" };
  const names = segmentsOf(isAbsolute ? text.slice(workspacePath.length) : text);
  if (names.includes("..")) return { ok: false, problem: "outside_workspace" };
  const path = names.join("/");
  const isTooLong =
    bytesOf(path) > limits.maxFilePathBytes || names.some((name) => bytesOf(name) > limits.maxFileNameBytes);
  if (isTooLong) return { ok: false, problem: "bad_path" };
  return names[0] === stagingName ? { ok: false, problem: "path_forbidden" } : { ok: true, path };
}

/** The names on the way from the workspace to this path. */
export function segmentsOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** The last name of a path; the workspace has none. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A path as it goes over the wire: already read. */
export const filePathSchema = z.string().refine((text) => {
  const read = readFilePath(text);
  return read.ok && read.path === text;
}, "must be a path from the workspace");

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
