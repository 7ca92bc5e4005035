/** Makes and removes the directories of a local environment; never touches anything outside its root. */
import { chmod, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EnvironmentPlaces } from "./places.ts";

/** A prompt that fits a phone, colours, and the person's own additions. Written once, then it is theirs. */
const firstBashrc = `# ~/.bashrc: yours to change.
[ -n "$PS1" ] || return
HISTSIZE=10000
HISTCONTROL=ignoreboth
shopt -s histappend checkwinsize
PS1='\\[\\e[32m\\]\\W\\[\\e[0m\\] \\$ '
alias ls='ls --color=auto' ll='ls -la' grep='grep --color=auto'
[ -r /usr/share/bash-completion/bash_completion ] && . /usr/share/bash-completion/bash_completion
[ -r ~/.bash_aliases ] && . ~/.bash_aliases
true
`;

/** Makes what is missing of an environment's directories. Files that exist stay as they are. */
export async function prepareFiles(places: EnvironmentPlaces): Promise<void> {
  for (const directory of [places.root, places.workspace, places.home, places.ownSocketsDir]) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  }
  await writeFile(join(places.home, ".bashrc"), firstBashrc, { flag: "wx" }).catch(ignoreExisting);
}

/** Removes everything of an environment, also directories that were made read-only. */
export async function removeFiles(places: EnvironmentPlaces): Promise<void> {
  for (const path of [places.socket, places.ownSocketsDir, places.root]) await removeTree(path);
}

/** Removes a directory and all in it, also what was made read-only. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!isRefused(error)) throw error;
    await makeWritable(path);
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Gives the owner back every directory below; symbolic links are not followed. */
async function makeWritable(directory: string): Promise<void> {
  await chmod(directory, 0o700);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(directory, entry.name));
  }
}

/** Whether there is a directory at this path that we may reach; the path may be anything. */
export async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(ignoreUnreachable);
  return found?.isDirectory() ?? false;
}

function isRefused(error: unknown): boolean {
  return ["EACCES", "EPERM", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "");
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  // A home whose .bashrc cannot be written (a directory, read-only) is the person's own choice.
  if (!["EEXIST", "EACCES", "EROFS", "EISDIR", "ELOOP"].includes(error.code ?? "")) throw error;
}

function ignoreUnreachable(error: NodeJS.ErrnoException): undefined {
  if (!["ENOENT", "ENOTDIR", "ENAMETOOLONG", "EACCES", "ELOOP"].includes(error.code ?? "")) throw error;
}
