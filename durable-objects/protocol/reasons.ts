/**
 * Why an environment is as it is: the stable words for programs that stand beside `phase` and `status_message`, each
 * defined here and nowhere else. A reason never goes away and never changes its meaning; new ones may come.
 */
import type { Phase } from "./vocabulary.ts";

/** Who can do something about it: nobody has to, who uses the environment, or who runs the cluster. */
export type Mender = "itself" | "user" | "operator";

/**
 * Who tries again by itself while the environment should run: `cluster` (what was applied stands and is retried there, so
 * the bridge leaves it alone), `bridge` (begun anew after a growing time), or nobody before a person acts.
 */
export type Retrier = "cluster" | "bridge" | null;

interface ReasonFacts {
  /** The phases it is told with. */
  readonly phases: readonly Phase[];
  readonly mender: Mender;
  readonly retrier: Retrier;
  /** What people are told where nothing more exact is known. Stable, so that it is no news when it is said again. */
  readonly message: string;
}

/** Told by bridges in their reports. */
const observed = {
  pending: {
    phases: ["provisioning", "restarting"],
    mender: "itself",
    retrier: "cluster",
    message: "Waiting for a machine of the cluster",
  },
  unschedulable: {
    phases: ["provisioning", "restarting"],
    mender: "operator",
    retrier: "cluster",
    message: "No machine of the cluster has room for this environment now",
  },
  volume_not_ready: {
    phases: ["provisioning", "restarting"],
    mender: "operator",
    retrier: "cluster",
    message: "The volume with its files is not ready on a machine yet",
  },
  sandbox_failed: {
    phases: ["provisioning", "restarting"],
    mender: "operator",
    retrier: "cluster",
    message: "Its machine cannot set up a place for it yet",
  },
  image_pull_failed: {
    phases: ["error"],
    mender: "user",
    retrier: "cluster",
    message: "The image cannot be pulled: it does not exist, or the cluster may not read it",
  },
  crash_loop: {
    phases: ["error"],
    mender: "user",
    retrier: "cluster",
    message: "The environment ends again each time it is started",
  },
  out_of_memory: {
    phases: ["restarting", "running"],
    mender: "user",
    retrier: "cluster",
    message: "It ran out of memory and was started again",
  },
  evicted: {
    phases: ["restarting", "running"],
    mender: "itself",
    retrier: "bridge",
    message: "The cluster moved it from a machine that had no room left",
  },
  machine_lost: {
    phases: ["restarting", "running"],
    mender: "itself",
    retrier: "bridge",
    message: "The machine it ran on went away",
  },
  node_lost: {
    phases: ["restarting", "running", "stopping"],
    mender: "operator",
    retrier: "cluster",
    message: "The machine it is on does not answer",
  },
  quota_exceeded: {
    phases: ["error"],
    mender: "operator",
    retrier: "bridge",
    message: "The cluster's quota leaves no room for this environment",
  },
  pod_security: {
    phases: ["error"],
    mender: "operator",
    retrier: "bridge",
    message: "The cluster's security rules do not let this environment run",
  },
  no_storage: {
    phases: ["error"],
    mender: "operator",
    retrier: "cluster",
    message: "The cluster has no storage for this environment's files",
  },
  storage_lost: {
    phases: ["provisioning", "running"],
    mender: "operator",
    retrier: null,
    message: "The volume with its files was gone; it has a new, empty one",
  },
  storage_not_resized: {
    phases: ["running"],
    mender: "operator",
    retrier: null,
    message: "The cluster cannot make its volume larger; it keeps the size it has",
  },
  user_namespaces_missing: {
    phases: ["error"],
    mender: "operator",
    retrier: "bridge",
    message: "The template asks for root, and the cluster has no user namespaces to keep it apart in",
  },
  rejected: {
    phases: ["error"],
    mender: "user",
    retrier: "bridge",
    message: "The cluster did not accept this environment as it is described",
  },
  forbidden: {
    phases: ["error"],
    mender: "operator",
    retrier: "bridge",
    message: "The cluster does not allow its bridge to run this environment",
  },
  unavailable: {
    phases: ["creating", "provisioning", "restarting", "stopping"],
    mender: "itself",
    retrier: "bridge",
    message: "The cluster does not answer at the moment",
  },
  refused: { phases: ["error"], mender: "operator", retrier: "bridge", message: "The environment was refused" },
  deadline: {
    phases: ["error"],
    mender: "operator",
    retrier: "bridge",
    message: "The environment could not be brought about in time",
  },
  internal: {
    phases: ["error"],
    mender: "operator",
    retrier: "bridge",
    message: "The environment could not be brought about",
  },
  lost: {
    phases: ["restarting", "stopping"],
    mender: "itself",
    retrier: "bridge",
    message: "It had stopped by itself and is being started again",
  },
  installation_failed: {
    phases: ["running"],
    mender: "user",
    retrier: null,
    message: "A startup command failed",
  },
  installation_interrupted: {
    phases: ["running"],
    mender: "user",
    retrier: null,
    message: "The startup commands were interrupted",
  },
  session_restored: { phases: ["running"], mender: "itself", retrier: null, message: "Session restored" },
  session_unreadable: {
    phases: ["running"],
    mender: "itself",
    retrier: null,
    message: "The saved session could not be read; this is a fresh one",
  },
} as const satisfies Record<string, ReasonFacts>;

/** Found by the server itself. */
const decided = {
  deadline_exceeded: { phases: ["error"], mender: "operator", retrier: "bridge", message: "It did not come in time" },
  idle_stopped: { phases: ["stopping", "stopped"], mender: "user", retrier: null, message: "Stopped: nobody used it" },
  unattended_stopped: {
    phases: ["stopping", "stopped"],
    mender: "user",
    retrier: null,
    message: "Stopped: nobody attended to what ran in it",
  },
  hours_used_up: {
    phases: ["stopping", "stopped"],
    mender: "user",
    retrier: null,
    message: "Stopped: the running hours of this month are used up",
  },
} as const satisfies Record<string, ReasonFacts>;

export type ObservedReason = keyof typeof observed;
export type Reason = ObservedReason | keyof typeof decided;

/** What a reason means. */
export const reasonFacts: Readonly<Record<Reason, ReasonFacts>> = { ...observed, ...decided };

export const reasons = Object.keys(reasonFacts) as Reason[];
/** Those that a bridge may report. */
export const observedReasons = Object.keys(observed) as ObservedReason[];
