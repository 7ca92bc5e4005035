/**
 * What is done to files inside a pod, in POSIX sh, by the image's programs or those we brought. All names are arguments or come as
 * input, never text of a script. Their arguments stand beside each.
 */
import { archiveScripts } from "./scripts/archives.ts";
import { contentScripts } from "./scripts/contents.ts";
import { prelude } from "./scripts/prelude.ts";
import { treeScripts } from "./scripts/tree.ts";
import { uploadScripts } from "./scripts/uploads.ts";

/** Whole scripts by what they do. */
const scripts = {
  ...treeScripts,
  ...contentScripts,
  ...archiveScripts,
  ...uploadScripts,
  /** process: what it waits for is ended, so that it puts itself in order; one that waits for nothing ends itself. */
  end: `ended=
for each in /proc/[0-9]*/stat; do
  read -r process _ _ parent _ 2>/dev/null <"$each" || continue
  [ "$parent" != "$1" ] || ended="$ended $process"
done
kill \${ended:-$1} 2>/dev/null
# Somebody may have stopped them.
kill -s CONT $ended "$1" 2>/dev/null
exit 0`,
} as const;
export type Script = keyof typeof scripts;

/** A whole script, as the program that runs it with these arguments. */
export function scriptProgram(name: Script, args: readonly string[]): string[] {
  return ["/bin/sh", "-c", prelude + scripts[name], "files", ...args];
}
