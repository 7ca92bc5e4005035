/** What is expected of a file, as the scripts take it, and as they fail. */
import type { FileCondition } from "../../../../durable-objects/protocol/files.ts";
import { RuntimeFailure } from "../../runtime.ts";
import type { FileScripts } from "./file-scripts.ts";

/** A condition in one word: a list of tags begins and ends with a comma. */
export function written(condition: FileCondition): string {
  if (condition === null) return "any";
  return condition.kind === "one_of"
    ? `,${condition.etags.filter((etag) => /^[0-9-]+$/.test(etag)).join(",")},`
    : condition.kind;
}

/** Throws what writing so many bytes to this path would throw now. */
export async function refuseUnlessPossible(
  scripts: FileScripts,
  { path, condition, length }: { path: string; condition: FileCondition; length: number },
): Promise<void> {
  await scripts.run("check", [path, written(condition)]).catch(ignoreMissing(condition));
  await scripts.run("room", [String(length)]);
}

/** Directories that are missing on the way are made when the file is placed. */
function ignoreMissing(condition: FileCondition): (error: unknown) => void {
  return (error) => {
    const isMissing = error instanceof RuntimeFailure && error.code === "path_not_found";
    if (!isMissing) throw error;
    if (condition !== null && condition.kind !== "absent")
      throw new RuntimeFailure("file_changed", "There is no such file");
  };
}
