/** A copy of the repository as a person has it who has just cloned it, changes of the working tree included. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { root } from "../../support/source-tree.ts";

const copy = `git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$1" && ln -s "$2/node_modules" "$1/"`;

/** Makes the directory; the installed packages in it are ours. */
export function cloneRepository(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const { status, stderr } = spawnSync("sh", ["-c", copy, "sh", directory, root], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`the repository was not copied: ${stderr}`);
}
