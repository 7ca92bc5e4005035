/**
 * What a pod's state means for its environment: the table of everything that kubelet and scheduler say, and what becomes of it.
 * Pure. They say some things in sentences alone; those are read here and nowhere else.
 */
import { type ObservedReason, reasonFacts } from "../../../../durable-objects/protocol/reasons.ts";
import type { Stall } from "./stalls.ts";
import type { ClaimView, ContainerView, PodView, Terminated } from "./views.ts";

export type Standing =
  /** On its way; the cluster goes on by itself. */
  | { kind: "coming"; reason: ObservedReason | null; message: string }
  /** Not on its way as long as nothing changes. */
  | { kind: "blocked"; reason: ObservedReason; message: string }
  /** The container runs, as far as anybody can tell (`isUnheard`: nobody can); `incarnation` names this run of it, `after` says
   * why there was one before. */
  | { kind: "up"; incarnation: string; after: Ending | null; isUnheard: boolean }
  | ({ kind: "ended"; isFatal: boolean } & Ending)
  /** It is being deleted. */
  | { kind: "ending" };

export interface Ending {
  reason: ObservedReason;
  message: string;
}

const maxMessageCharacters = 300;
/** By which init.sh says that the kernel took the shell server alone. */
const memoryExitCode = 71;

/** Why a container waits. What is not here is on its way. */
const waiting: Readonly<Record<string, ObservedReason>> = {
  ErrImagePull: "image_pull_failed",
  ImagePullBackOff: "image_pull_failed",
  InvalidImageName: "image_pull_failed",
  ErrImageNeverPull: "image_pull_failed",
  ImageInspectError: "image_pull_failed",
  RegistryUnavailable: "image_pull_failed",
  CrashLoopBackOff: "crash_loop",
  CreateContainerConfigError: "rejected",
  CreateContainerError: "rejected",
  RunContainerError: "rejected",
};

/** Why a whole pod failed, beside its containers. */
const podFailures: Readonly<Record<string, ObservedReason>> = {
  Evicted: "evicted",
  Preempting: "evicted",
  Preempted: "evicted",
  OutOfcpu: "evicted",
  OutOfmemory: "evicted",
  OutOfpods: "evicted",
  NodeLost: "machine_lost",
  NodeShutdown: "machine_lost",
  Shutdown: "machine_lost",
  Terminated: "machine_lost",
};

/** `stalls` are what Events told last; those of others, or of what is over, say nothing. */
export function standingOf(pod: PodView, claim: ClaimView | null, stalls: readonly Stall[] = []): Standing {
  if (pod.phase === "Failed" || pod.phase === "Succeeded") return endedOf(pod);
  if (pod.isDeleting) return { kind: "ending" };
  if (pod.main?.state?.running) {
    return {
      kind: "up",
      incarnation: `${pod.uid}/${pod.main.containerID ?? ""}`,
      after: afterOf(pod.main),
      isUnheard: pod.isUnheard,
    };
  }
  const blocked = [...pod.preparations, pod.main].map((container) => blockedOf(pod, container));
  return blocked.find((each) => each !== null) ?? comingOf(pod, claim, stalls);
}

function endedOf(pod: PodView): Standing {
  const failure = podFailures[pod.reason];
  if (failure !== undefined) return ended(failure, pod.message);
  const unprepared = pod.preparations.map(({ state }) => state?.terminated).find((each) => each && each.exitCode !== 0);
  if (unprepared) {
    const reason = isOutOfMemory(unprepared) ? "out_of_memory" : "rejected";
    const why = unprepared.message?.trim() || `exit ${unprepared.exitCode ?? "unknown"}`;
    return { kind: "ended", isFatal: true, reason, message: bounded(`It could not be prepared: ${why}`) };
  }
  const terminated = pod.main?.state?.terminated;
  return terminated
    ? { kind: "ended", isFatal: isUnstartable(terminated), ...endingOf(terminated) }
    : ended("lost", pod.message);
}

function ended(reason: ObservedReason, detail: string): Standing {
  return { kind: "ended", isFatal: false, reason, message: sentence(reason, detail) };
}

function endingOf(terminated: Terminated): Ending {
  const { reason = "", message = "", exitCode } = terminated;
  if (isOutOfMemory(terminated) || exitCode === memoryExitCode)
    return { reason: "out_of_memory", message: reasonFacts.out_of_memory.message };
  if (isUnstartable(terminated)) return { reason: "rejected", message: sentence("rejected", message || reason) };
  return { reason: "lost", message: reasonFacts.lost.message };
}

function isOutOfMemory({ reason }: Terminated): boolean {
  return reason === "OOMKilled";
}

/** There is no program to run: the image has no shell, or is for other machines. */
function isUnstartable({ reason }: Terminated): boolean {
  return reason === "StartError" || reason === "ContainerCannotRun";
}

function afterOf(main: ContainerView): Ending | null {
  const terminated = main.lastState?.terminated;
  return (main.restartCount ?? 0) > 0 && terminated ? endingOf(terminated) : null;
}

function blockedOf(pod: PodView, container: ContainerView | null): Standing | null {
  const { reason: said = "", message = "" } = container?.state?.waiting ?? {};
  const reason = waiting[said];
  if (reason === undefined) return null;
  // kubelet says it in ever new words; people are told once.
  if (reason === "image_pull_failed") return { kind: "blocked", reason, message: sentence(reason, pod.image) };
  return { kind: "blocked", reason, message: sentence(reason, message) };
}

function comingOf(pod: PodView, claim: ClaimView | null, stalls: readonly Stall[]): Standing {
  const stall = stalls.find((each) => isInTheWay(each, pod, claim));
  const isKnown = pod.unscheduled?.reason === "Unschedulable" && !isBeingMade(pod.unscheduled.message, claim);
  if (stall !== undefined && !isKnown) return { kind: "coming", reason: stall.reason, message: stall.message };
  if (pod.isScheduled) {
    const isPrepared = pod.preparations.length > 0 && pod.preparations.every(({ state }) => state?.terminated);
    return { kind: "coming", reason: null, message: isPrepared ? "Starting" : "Pulling the image" };
  }
  if (pod.unscheduled?.reason !== "Unschedulable") return coming("pending", "");
  return unscheduledOf(pod.unscheduled.message, claim);
}

/** A volume that is being made keeps a pod waiting for some seconds; one that nobody makes, for ever. */
function unscheduledOf(message: string, claim: ClaimView | null): Standing {
  if (!/persistent ?volume|storageclass/i.test(message)) return coming("unschedulable", message);
  // The scheduler has not seen yet what we made just before.
  if (claim !== null && /persistentvolumeclaim "[^"]*" not found/.test(message)) return coming("pending", "");
  if (isBeingMade(message, claim)) return coming("pending", "its volume is being made");
  return { kind: "blocked", reason: "no_storage", message: sentence("no_storage", message) };
}

function isBeingMade(message: string, claim: ClaimView | null): boolean {
  return /unbound immediate/.test(message) && claim?.storageClass != null;
}

/** Whether it has not got past that yet. */
function isInTheWay({ kind, uid, reason }: Stall, pod: PodView, claim: ClaimView | null): boolean {
  if (kind === "PersistentVolumeClaim") return uid === claim?.uid && !claim.isBound;
  if (uid !== pod.uid) return false;
  // Mostly its status says the same, and is right for longer.
  if (reason === "unschedulable") return !pod.isScheduled && pod.unscheduled?.reason !== "Unschedulable";
  return pod.isScheduled && !pod.isPlaced;
}

function coming(reason: ObservedReason, detail: string): Standing {
  return { kind: "coming", reason, message: sentence(reason, detail) };
}

function sentence(reason: ObservedReason, detail: string): string {
  const { message } = reasonFacts[reason];
  return bounded(detail.trim() === "" ? message : `${message} (${detail.trim()})`);
}

function bounded(text: string): string {
  return text.length > maxMessageCharacters ? `${text.slice(0, maxMessageCharacters - 1)}…` : text;
}
