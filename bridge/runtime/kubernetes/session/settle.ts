/** Asks a container that runs how far its first process is: whether there is a session, or it waits for us to begin one. */
import { type InitState, parseInitState } from "../init/lines.ts";
import { places, tmuxProgram } from "../manifests/places.ts";
import { type Pod, printedBy } from "../pod.ts";

export interface Settled {
  session: "up" | "waiting" | "none";
  init: InitState | null;
}

/** How long it may take until the first process has begun a session, in turns of 50 ms. */
const turnsAtMost = 300;
const deadlineMs = 45_000;

/** Prints what there is of a session and the state, as soon as there is something to say. */
const settleScript = `PATH=/usr/local/bin:/usr/bin:/bin:${places.tools}/applets
turns=0
while :; do
  state=
  read -r state 2>/dev/null <${places.state}
  if [ -S ${places.socket} ] && ${tmuxProgram.join(" ")} has-session -t =main 2>/dev/null; then session=up
  elif [ "$state" = waiting ] && [ ! -d ${places.run}/restoring ]; then session=waiting
  else session=none
  fi
  [ "$session" = none ] && [ "$turns" -lt ${turnsAtMost} ] || { echo "$session $state"; exit 0; }
  turns=$((turns + 1))
  sleep 0.05 2>/dev/null || sleep 1
done`;

export async function settle(pod: Pod, signal: AbortSignal): Promise<Settled> {
  const printed = printedBy(await pod.script(settleScript, [], { signal, deadlineMs })).toString();
  const [session = "", ...state] = printed.trim().split(" ");
  const isKnown = session === "up" || session === "waiting";
  return { session: isKnown ? session : "none", init: parseInitState(state.join(" ")) };
}
