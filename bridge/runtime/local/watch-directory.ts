/** Watching a directory of an environment, which may not be there yet, or on a machine that has no watches left. */
import { type FSWatcher, watch } from "node:fs";
import { RuntimeFailure } from "../runtime.ts";

/** Throws `unavailable` where it cannot be watched; `what` it was watched for is in the message. */
export function watchDirectory(directory: string, what: string): FSWatcher {
  try {
    return watch(directory);
  } catch (error) {
    throw new RuntimeFailure("unavailable", `${what} cannot be followed (${(error as NodeJS.ErrnoException).code})`);
  }
}
