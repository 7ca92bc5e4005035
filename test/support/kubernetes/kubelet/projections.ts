/**
 * ConfigMaps and Secrets as files: `key -> ..data/key`, `..data -> ..<time>/`, so that a change of all keys is seen at
 * once and in one step.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isFields, type KubeObject } from "../api/objects.ts";

export interface Wanted {
  items?: { key: string; path: string; mode?: number | undefined }[] | undefined;
  defaultMode?: unknown;
}

/** The bytes under each key. */
export function dataOf(object: KubeObject | undefined): Map<string, Buffer> {
  const data = new Map<string, Buffer>();
  if (object === undefined) return data;
  const encoding = object.kind === "Secret" ? "base64" : "utf8";
  for (const [key, value] of entriesOf(object["data"])) data.set(key, Buffer.from(value, encoding));
  for (const [key, value] of entriesOf(object["binaryData"])) data.set(key, Buffer.from(value, "base64"));
  return data;
}

const entriesOf = (value: unknown): [string, string][] =>
  isFields(value) ? Object.entries(value).map(([key, each]) => [key, String(each)]) : [];

/** Resolves with what is wrong, or null. */
export async function writeProjection(
  directory: string,
  data: Map<string, Buffer>,
  wanted: Wanted,
): Promise<string | null> {
  const items = wanted.items ?? [...data.keys()].map((key) => ({ key, path: key, mode: undefined }));
  const missing = items.find(({ key }) => !data.has(key));
  if (missing !== undefined) return `references non-existent config key: ${missing.key}`;
  const version = `..${Date.now()}_${randomBytes(4).toString("hex")}`;
  await mkdir(join(directory, version));
  const fallback = typeof wanted.defaultMode === "number" ? wanted.defaultMode : 0o644;
  for (const { key, path, mode } of items) {
    await mkdir(dirname(join(directory, version, path)), { recursive: true });
    await writeFile(join(directory, version, path), data.get(key) ?? "", { mode: mode ?? fallback });
  }
  await symlink(version, join(directory, "..new"));
  await rename(join(directory, "..new"), join(directory, "..data"));
  await linkKeys(directory, new Set(items.map(({ path }) => path.split("/")[0] ?? "")), version);
  return null;
}

async function linkKeys(directory: string, names: ReadonlySet<string>, version: string): Promise<void> {
  for (const entry of await readdir(directory)) {
    const isOld = entry.startsWith("..") ? ![version, "..data"].includes(entry) : !names.has(entry);
    if (isOld) await rm(join(directory, entry), { recursive: true });
  }
  for (const name of names)
    if (!existsSync(join(directory, name))) await symlink(join("..data", name), join(directory, name));
}
