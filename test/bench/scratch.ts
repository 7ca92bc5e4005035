/** Temporary directories that are gone when the run is, however it ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Scratch {
  path: string;
  remove(): void;
}

/** Makes an empty directory; without `remove` it goes with the process. */
export function scratchDirectory(): Scratch {
  const path = mkdtempSync(join(tmpdir(), "devpocket-bench-"));
  const remove = () => {
    process.off("exit", remove);
    rmSync(path, { recursive: true, force: true });
  };
  process.once("exit", remove);
  return { path, remove };
}
