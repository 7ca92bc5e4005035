/**
 * How long a pod whose machine does not answer is waited for. Taking it away by force frees its name and its volume though
 * its processes may still run behind a broken network, so that is never done unasked: what should run waits until the
 * machine is back, or the cluster is told that it is off (its node deleted, or tainted out-of-service) and takes the pod
 * away itself. A person who asks gets it: a deletion soon, since nothing of its files is to be kept; anything else only
 * after the time at which Kubernetes itself takes volumes from a machine that does not answer (six minutes).
 */

/** Beyond the end of its grace period: from here on its machine counts as lost. */
export const lostAfterMs = 45_000;
const takesVolumesAfterMs = 6 * 60_000;

export type Leave = "for good" | "for now";

export function forcedAfterMs(leave: Leave): number {
  return leave === "for good" ? lostAfterMs : takesVolumesAfterMs;
}

/** Milliseconds until this much beyond its end; zero when that is over, null where it has not been asked to end. */
export function untilOverdue(endsByMs: number | null, byMs: number, nowMs: number): number | null {
  return endsByMs === null ? null : Math.max(0, endsByMs + byMs - nowMs);
}
