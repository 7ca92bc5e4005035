/** What is reported of an environment: from its claim, its pod, its session and what is being done about it. Pure. */
import type { ObservedEnvironment } from "../../../durable-objects/protocol/bridge-api.ts";
import { type ObservedReason, reasonFacts } from "../../../durable-objects/protocol/reasons.ts";
import { type Restored, restoredMessage } from "../session/words.ts";
import type { InitState } from "./init/lines.ts";
import { failureMessage } from "./log/messages.ts";
import type { Ending, Standing } from "./observe/standing.ts";
import type { ClaimView } from "./observe/views.ts";

/** What is under way at our own instigation. */
export type Step = "starting" | "restarting" | "stopping" | "deleting" | null;

export interface Facts {
  id: string;
  generation: number;
  step: Step;
  claim: ClaimView | null;
  /** Null where there is no pod. */
  standing: Standing | null;
  /** Null while nothing is known of a session. */
  init: InitState | null;
  isUp: boolean;
  /** Why it was started again, and what could not be had, until somebody types. */
  after: Ending | null;
  shortfall: ObservedReason | null;
  restored: Restored | null;
}

type Told = Pick<ObservedEnvironment, "phase" | "reason" | "status_message"> & { installation_completed?: boolean };

export function observedOf(facts: Facts): ObservedEnvironment {
  const { id, generation } = facts;
  const told = { installation_completed: false, ...toldOf(facts) };
  const message = told.status_message?.slice(0, 500) ?? null;
  return { environment_id: id, generation, ...told, status_message: message };
}

function toldOf(facts: Facts): Told {
  const { step, claim, standing } = facts;
  if (step === "stopping" || step === "deleting" || claim?.isDeleting) return phase("stopping");
  if (standing === null) return step === null ? absent(claim) : phase(underWay(step));
  switch (standing.kind) {
    case "ending":
      return phase(step === null ? "stopping" : underWay(step));
    case "coming":
      return phase(underWay(step), standing.reason, standing.message);
    case "blocked":
      return phase("error", standing.reason, standing.message);
    case "ended":
      if (step !== null) return phase(underWay(step));
      return phase(standing.isFatal ? "error" : "stopped", standing.reason, standing.message);
    case "up":
      return facts.isUp ? running(facts) : phase(underWay(step), null, "Starting");
  }
}

/** There is no pod: nobody wants one, or it was taken away. */
function absent(claim: ClaimView | null): Told {
  return claim?.desired === "stopped" ? phase("stopped") : phase("stopped", "lost", reasonFacts.lost.message);
}

function running(facts: Facts): Told {
  const { init, step } = facts;
  switch (init?.kind) {
    case "completed":
      return { ...phase("running", ...news(facts)), installation_completed: true };
    case "failed":
      return phase("running", "installation_failed", failureMessage(init));
    case "installing":
      return phase("installing");
    default:
      return phase(underWay(step), null, "Starting");
  }
}

/** Why it is not as it was left, all of it; the reason is that of the worst. */
function news({ after, shortfall, restored }: Facts): [ObservedReason | null, string | null] {
  const all: [ObservedReason, string][] = [
    ...(after === null || after.reason === "lost" ? [] : [[after.reason, after.message] as [ObservedReason, string]]),
    ...(shortfall === null ? [] : [[shortfall, reasonFacts[shortfall].message] as [ObservedReason, string]]),
    ...(restored === null ? [] : [[`session_${restored.kind}`, restoredMessage(restored)] as [ObservedReason, string]]),
  ];
  const [first] = all;
  return first === undefined ? [null, null] : [first[0], all.map(([, message]) => message).join(". ")];
}

function underWay(step: Step): "provisioning" | "restarting" {
  return step === "restarting" ? "restarting" : "provisioning";
}

function phase(name: Told["phase"], reason: ObservedReason | null = null, message: string | null = null): Told {
  return { phase: name, reason, status_message: message };
}
