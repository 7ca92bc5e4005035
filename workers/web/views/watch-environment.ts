/** Keeps one environment's name and phase fresh for the views above its sockets, and acts on it. */
import type { Phase, Role } from "../../../durable-objects/protocol/vocabulary.ts";
import { explain, Failed } from "../api/problem.ts";
import type { App } from "../app.ts";
import { keepFresh } from "../poll.ts";
import { isPassing } from "../words.ts";
import { carryOut, type Deed } from "./actions.ts";
import { toast, toastFailure } from "./toast.ts";

export interface EnvironmentState {
  name: string;
  phase: Phase;
  message: string;
  /** What one is here. */
  role: Role;
  /** When it stops by itself; null while that is not near. */
  autoStopAt: string | null;
}

export interface WatchedEnvironment {
  /** Null until something was heard of the environment. */
  state(): EnvironmentState | null;
  /** A socket said so, which is sooner than the next look. */
  heard(phase: Phase, message: string): void;
  lookNow(): void;
  /** Puts off the stop that is announced, and says whether that helps: hours that are used up do not come back. */
  extend(): Promise<void>;
  perform(deed: Deed): Promise<void>;
}

/** Leads back to the list when the environment is gone. */
export function watchEnvironment(
  app: App,
  id: string,
  signal: AbortSignal,
  onState: (state: EnvironmentState) => void,
): WatchedEnvironment {
  let state: EnvironmentState | null = null;
  const name = () => state?.name ?? "this environment";

  function become(next: EnvironmentState): void {
    state = next;
    onState(state);
  }

  async function look(): Promise<boolean> {
    try {
      const found = await app.calls.environment(id);
      const { phase, role, status_message: message, auto_stop_at: autoStopAt } = found;
      const next = { name: found.name, phase, role, message: message ?? "", autoStopAt: autoStopAt ?? null };
      if (!signal.aborted) become(next);
      return isPassing(phase);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      return !signal.aborted && miss(error);
    }
  }

  /** Whether to look again: not when the environment or the session is gone. */
  function miss({ failure }: Failed): boolean {
    if (failure.kind === "problem" && failure.status === 404) {
      const isGuest = state !== null && state.role !== "owner";
      toast(
        isGuest ? "This environment is not shared with you any more." : "This environment does not exist (any more).",
      );
      app.router.go({ view: "environments" }, true);
    } else if (failure.kind === "problem") toast(explain(failure));
    return failure.kind === "offline";
  }

  const lookNow = keepFresh(look, signal);
  return {
    state: () => state,
    heard(phase, message) {
      become({ name: name(), phase, message, role: state?.role ?? "owner", autoStopAt: state?.autoStopAt ?? null });
      // A frame does not tell all, and one that warns of a stop changes no phase.
      lookNow();
    },
    lookNow,
    async extend() {
      await app.calls.extend(id).then((message) => toast(`${message}.`), toastFailure);
      lookNow();
    },
    async perform(deed) {
      const done = carryOut(app, { id, name: name() }, deed);
      if ((await done) && deed === "delete") app.router.go({ view: "environments" }, true);
      else lookNow();
    },
  };
}
