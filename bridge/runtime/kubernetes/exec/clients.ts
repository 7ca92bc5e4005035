/**
 * Our tmux clients in a pod: each writes its pid down before it becomes tmux, so that the next one, or whoever lost it, can
 * hang it up. A pid is only believed while tmux has a client with it. All texts are arguments of fixed scripts.
 */
import { places, tmuxProgram } from "../manifests/places.ts";

const tmux = tmuxProgram.join(" ");

/** Hangs up $old, read from the file, if it is one of tmux's clients. */
const hangUpOld = `for pid in $(${tmux} list-clients -F '#{client_pid}' 2>/dev/null); do
  [ "$pid" != "$old" ] || kill -HUP "$old"
done`;

/** Arguments: the file, a mark of this client, tmux's command. */
const attachScript = `
file=$1 mark=$2
shift 2
if read -r old _ 2>/dev/null <"$file"; then ${hangUpOld}; fi
echo "$$ $mark" >"$file"
export TERM=xterm-256color COLORTERM=truecolor
exec ${tmux} -N "$@"
`;

/** Arguments: the file, the mark of the client that is meant and no later one. */
const hangUpScript = `
read -r old mark 2>/dev/null <"$1" || exit 0
[ "$mark" = "$2" ] || exit 0
${hangUpOld}
`;

/** A client of a terminal (`main`, `w3`), in place of the one before. */
export function attachProgram(terminal: string, mark: string, command: readonly string[]): string[] {
  return ["/bin/sh", "-c", attachScript, "attach", fileOf(terminal), mark, ...command];
}

/** Ends the client with this mark, if it is still there. */
export function hangUpProgram(terminal: string, mark: string): string[] {
  return ["/bin/sh", "-c", hangUpScript, "hang-up", fileOf(terminal), mark];
}

function fileOf(terminal: string): string {
  return `${places.run}/dp.${terminal}`;
}
