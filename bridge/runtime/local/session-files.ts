/**
 * Where a local environment's session is saved: `.devpocket/session.json` in its home, and what its shells are to print
 * beside it. People can put anything there, so that every step goes from an open directory to the next: no link is
 * followed, and nothing that blocks is waited for.
 */
import { constants, type FileHandle, mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RuntimeFailure } from "../runtime.ts";
import type { SessionFiles } from "../session/files.ts";
import { sessionLimits } from "../session/saved-session.ts";

const directoryName = ".devpocket";
const fileName = "session.json";
const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

export class LocalSessionFiles implements SessionFiles {
  readonly #home: string;
  readonly #laid: string;

  /** `laid` is a directory of our own. */
  constructor(home: string, laid: string) {
    this.#home = home;
    this.#laid = laid;
  }

  async load(): Promise<string | null> {
    return await named(() =>
      within(this.#home, (home) =>
        within(join(home, directoryName), (directory) => readSmall(join(directory, fileName))),
      ).catch(ignoreMissing),
    );
  }

  async save(text: string): Promise<void> {
    await named(() =>
      within(this.#home, async (home) => {
        const path = join(home, directoryName);
        await mkdir(path, { mode: 0o700 }).catch(ignoreExisting);
        await within(path, (directory) => replace(join(directory, fileName), text));
      }),
    );
  }

  async lay(texts: readonly string[]): Promise<string[]> {
    return await named(async () => {
      await rm(this.#laid, { recursive: true, force: true });
      await mkdir(this.#laid, { mode: 0o700 });
      const paths = texts.map((_, index) => join(this.#laid, String(index)));
      for (const [index, path] of paths.entries())
        await writeFile(path, texts[index] ?? "", { flag: "wx", mode: 0o600 });
      return paths;
    });
  }

  async countLaid(): Promise<number> {
    return await named(async () => ((await readdir(this.#laid).catch(ignoreMissing)) ?? []).length);
  }
}

/** Opens a directory, not a link to one, and gives a path that names it whatever happens to its name. */
async function within<Value>(path: string, use: (path: string) => Promise<Value>): Promise<Value> {
  const directory = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    return await use(`/proc/self/fd/${directory.fd}`);
  } finally {
    await directory.close();
  }
}

async function readSmall(path: string): Promise<string> {
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    return await readWhole(file);
  } finally {
    await file.close();
  }
}

/** It may grow while it is read, but not what is read of it. */
async function readWhole(file: FileHandle): Promise<string> {
  const found = await file.stat();
  if (!found.isFile()) throw new RuntimeFailure("unavailable", `${fileName} is not a file`);
  if (found.size > sessionLimits.maxBytes) throw new RuntimeFailure("unavailable", `${fileName} is too large`);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(found.size), 0, found.size, 0);
  return buffer.toString("utf8", 0, bytesRead);
}

/** What is not on the disk before the new name is may be missing after a crash. */
async function replace(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { recursive: true, force: true });
  const file = await open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
}

/** What a file system refuses is to be expected where people may do as they like. */
async function named<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (error instanceof RuntimeFailure || code === undefined) throw error;
    throw new RuntimeFailure("unavailable", `The session's files refuse (${code})`);
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}
