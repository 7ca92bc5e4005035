/** An image as small ones are: busybox for a shell and for every program, no bash. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImageSpec } from "./kubelet/images.ts";

/** By these the fake makes its containers; they stay the machine's. */
const needed = ["busybox", "setpriv", "mount", "umount", "hostname", "pivot_root", "nsenter", "unshare"];

const found = spawnSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" });
/** Null where this machine has none. */
export const busybox = found.status === 0 ? found.stdout.trim() : null;

export async function makeSmallImage(program: string): Promise<{ image: ImageSpec; remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "small-image-"));
  const names = execFileSync(program, ["--list"], { encoding: "utf8" }).trim().split("\n");
  for (const name of names) if (!needed.includes(name)) await symlink(program, join(directory, name));
  return {
    // First in the PATH of everything of ours. Debian's /bin/sh is dash.
    image: { hides: ["/usr/bin/bash"], binds: { "/usr/local/bin": directory, "/usr/bin/dash": program } },
    remove: () => rm(directory, { recursive: true }),
  };
}
