/**
 * The script in a pod that waits for tmux's signal that windows have changed. Losing a connection ends no program, but the
 * input of one that has no terminal: then the script ends, and when a later one has put its mark into the file.
 */
import { places, tmuxProgram } from "../manifests/places.ts";

const tmux = tmuxProgram.join(" ");
/** As tmux.conf has it. */
const signal = "devpocket-windows";
export const changedLine = "changed";

/**
 * Arguments: the file, this script's mark. tmux tells and waits in one step: what comes while somebody looks at the windows
 * is told after it. Nobody writes, so that reading ends with the connection; who waits besides looks once in vain.
 */
const watchScript = `
file=$1 mark=$2
echo "$mark" >"$file"
exec 3<&0
{
  read -r _
  read -r now <"$file" && [ "$now" != "$mark" ] || echo >"$file"
  ${tmux} -N wait-for -S ${signal}
} <&3 >/dev/null 2>&1 &
exec 3<&-
while ${tmux} -N display-message -p ${changedLine} ';' wait-for ${signal}; do
  read -r now <"$file" && [ "$now" = "$mark" ] || exit 0
done
`;

/** Prints a line now and whenever windows may have changed, until its input or tmux ends, or another one has this name. */
export function watchProgram(name: string, mark: string): string[] {
  return ["/bin/sh", "-c", watchScript, "watch", `${places.run}/dp.${name}`, mark];
}
