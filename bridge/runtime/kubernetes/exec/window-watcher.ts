/**
 * The script in a pod that waits for tmux's signal that windows have changed. Losing a connection ends no program: one that
 * is no longer meant finds another mark in its file when it wakes, and ends.
 */
import { places, tmuxProgram } from "../manifests/places.ts";

const tmux = tmuxProgram.join(" ");
/** As tmux.conf has it. */
const signal = "devpocket-windows";
export const changedLine = "changed";

/**
 * Arguments: the file, this script's mark. It waits again before it tells, so that nothing which comes while the windows are
 * looked at is missed; and tells once at the beginning, for what happened before.
 */
const watchScript = `
file=$1 mark=$2
echo "$mark" >"$file"
${tmux} -N wait-for ${signal} &
next=$!
echo watching
while wait "$next"; do
  read -r now 2>/dev/null <"$file" && [ "$now" = "$mark" ] || exit 0
  ${tmux} -N wait-for ${signal} &
  next=$!
  echo ${changedLine} || exit 0
done
`;

/** Argument: the file. Whoever waits besides looks once in vain. */
const endScript = `
rm -f "$1"
${tmux} -N wait-for -S ${signal} 2>/dev/null
exit 0
`;

/** Prints a line now and whenever windows may have changed, until tmux ends or another one has this name. */
export function watchProgram(name: string, mark: string): string[] {
  return ["/bin/sh", "-c", watchScript, "watch", fileOf(name), mark];
}

/** Ends the one of this name. */
export function endWatchProgram(name: string): string[] {
  return ["/bin/sh", "-c", endScript, "end-watch", fileOf(name)];
}

function fileOf(name: string): string {
  return `${places.run}/dp.${name}`;
}
