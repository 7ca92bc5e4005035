/** What is reported of an environment: from its claim, its pod, its session and what is being done about it. Pure. */
import type { ObservedEnvironment } from "../../../durable-objects/protocol/bridge-api.ts";
import { type ObservedReason, reasonFacts } from "../../../durable-objects/protocol/reasons.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import type { InitState } from "./init/lines.ts";
import { failureMessage } from "./log/messages.ts";
import type { News } from "./notice.ts";
import type { Standing } from "./observe/standing.ts";
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
  /** Its processes should have ended long ago, and nobody says that they have. */
  isOverdue: boolean;
  /** Null while nothing is known of a session. */
  init: InitState | null;
  isUp: boolean;
  /** What is not as it was left, the worst first. */
  news: readonly News[];
}

type Told = Pick<ObservedEnvironment, "phase" | "reason" | "status_message"> & { installation_completed?: boolean };

export function observedOf(facts: Facts): ObservedEnvironment {
  const { id, generation } = facts;
  const told = { installation_completed: false, ...toldOf(facts) };
  // Sentences of the cluster were cut before: half a character would make the whole report unreadable.
  const message = told.status_message?.slice(0, limits.maxStatusMessageCharacters).toWellFormed() ?? null;
  return { environment_id: id, generation, ...told, status_message: message };
}

function toldOf(facts: Facts): Told {
  const { step, claim, standing } = facts;
  const isLost = facts.isOverdue || (standing?.kind === "up" && standing.isUnheard);
  const lost = isLost ? lostWords : {};
  if (step === "stopping" || step === "deleting" || claim?.isDeleting) return { ...phase("stopping"), ...lost };
  if (standing === null) return step === null ? absent(claim) : phase(underWay(step));
  switch (standing.kind) {
    case "ending":
      // One that should run waits for its machine to come back or to be given up.
      if (step === null && isLost && claim?.desired === "running") return { ...phase("restarting"), ...lost };
      return { ...phase(step === null ? "stopping" : underWay(step)), ...lost };
    case "coming":
      return phase(underWay(step), standing.reason, standing.message);
    case "blocked":
      return phase("error", standing.reason, standing.message);
    case "ended":
      if (step !== null) return phase(underWay(step));
      return phase(standing.isFatal ? "error" : "stopped", standing.reason, standing.message);
    case "up":
      if (!facts.isUp) return isLost ? { ...phase(underWay(step)), ...lost } : phase(underWay(step), null, "Starting");
      return { ...running(facts), ...lost };
  }
}

const lostWords = { reason: "node_lost", status_message: reasonFacts.node_lost.message } as const;

/** There is no pod: nobody wants one, or it was taken away. */
function absent(claim: ClaimView | null): Told {
  return claim?.desired === "stopped" ? phase("stopped") : phase("stopped", "lost", reasonFacts.lost.message);
}

function running(facts: Facts): Told {
  const { init, step } = facts;
  switch (init?.kind) {
    case "completed":
      return { ...phase("running", ...wordsOf(facts.news)), installation_completed: true };
    case "failed":
      return phase("running", "installation_failed", failureMessage(init));
    case "installing":
      return phase("installing");
    default:
      return phase(underWay(step), null, "Starting");
  }
}

/** All of it in one message; the reason is that of the worst. */
function wordsOf(news: readonly News[]): [ObservedReason | null, string | null] {
  const [first] = news;
  return first === undefined ? [null, null] : [first.reason, news.map(({ message }) => message).join(". ")];
}

function underWay(step: Step): "provisioning" | "restarting" {
  return step === "restarting" ? "restarting" : "provisioning";
}

function phase(name: Told["phase"], reason: ObservedReason | null = null, message: string | null = null): Told {
  return { phase: name, reason, status_message: message };
}
