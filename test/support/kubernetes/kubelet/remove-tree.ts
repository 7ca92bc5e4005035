/** Removes a directory with everything in it, also what its modes would keep from a user who is not root. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";

const options = { recursive: true, force: true, maxRetries: 5, retryDelay: 20 };

export async function removeTree(directory: string): Promise<void> {
  try {
    await rm(directory, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES" || !existsSync(directory)) throw error;
    // It follows no links on its way down. What vanishes meanwhile is none of its concern.
    await promisify(execFile)("chmod", ["-R", "u+rwx", directory]).catch(() => {});
    await rm(directory, options);
  }
}
