/** Whoever reads what `--check` prints, and may stop at any line (`--check | head`). */
import type { Writable } from "node:stream";

/** That nobody reads on is no failure: the check goes on to its end, so that what it tried in the cluster is taken back. */
export function outliveReader(output: Writable): void {
  output.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
