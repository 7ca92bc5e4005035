/**
 * Who of a cluster's bridges does what: who shares the environments, and who has the lease of the reconcile loop. Who was
 * heard of last is told from outside; what to do is decided here. Pure: a standing in, a standing out.
 */
import { timing } from "../protocol/timing.ts";

/** What is remembered. */
export interface Standing {
  /** Who shares the environments; `goneAt` is when its link was missed first. */
  readonly members: readonly Member[];
  /** Null: nobody has it. `until` is set while the holder is not here: nobody else gets it before. */
  readonly lease: (Process & { readonly until: number | null }) | null;
}

/** A bridge, and the place of which it is the only process (null: unknown). */
interface Process {
  readonly bridgeId: string;
  readonly instance: string | null;
}

interface Member extends Process {
  readonly goneAt: number | null;
}

/** A bridge that is here and may be given work. `heardAt` is no earlier than what it takes for its last sign. */
export interface Present extends Process {
  readonly sinceMs: number;
  readonly heardAt: number;
}

export const nobody: Standing = { members: [], lease: null };

/** What follows from who is here at `now`, and when to look again, if ever. */
export function settle(
  before: Standing,
  present: readonly Present[],
  now: number,
): { standing: Standing; lookAt: number | null } {
  const members = membersAfter(before.members, present, now);
  const lease = leaseAfter(before.lease, present, now);
  const times = [
    ...members.flatMap(({ goneAt }) => (goneAt === null ? [] : [goneAt + timing.linkReturnMs])),
    ...(lease?.until == null ? [] : [lease.until]),
    // Alone it has nobody to give anything to.
    ...(present.length > 1 ? present.map(({ heardAt }) => heardAt + timing.linkSilentAfterMs + 1) : []),
  ];
  return { standing: { members, lease }, lookAt: times.length === 0 ? null : Math.min(...times) };
}

function membersAfter(before: readonly Member[], present: readonly Present[], now: number): Member[] {
  const here = present.map(({ bridgeId, instance }) => ({ bridgeId, instance, goneAt: null }));
  const gone = before
    .filter(({ bridgeId }) => here.every((member) => member.bridgeId !== bridgeId))
    .map((member) => ({ ...member, goneAt: member.goneAt ?? now }))
    .filter(({ goneAt }) => now < goneAt + timing.linkReturnMs);
  return [...here, ...gone].sort(byId);
}

function byId(a: Member, b: Member): number {
  return a.bridgeId < b.bridgeId ? -1 : 1;
}

/** Who has it keeps it; who is away may act on it until its own clock says otherwise. */
function leaseAfter(before: Standing["lease"], present: readonly Present[], now: number): Standing["lease"] {
  if (before !== null) {
    if (present.some(({ bridgeId }) => bridgeId === before.bridgeId)) return { ...before, until: null };
    const until = before.until ?? now + timing.linkSilentAfterMs;
    if (now < until) return { ...before, until };
  }
  const [next] = [...present].sort((a, b) => a.sinceMs - b.sinceMs);
  return next === undefined ? null : { bridgeId: next.bridgeId, instance: next.instance, until: null };
}

/** It has ended, has let go of everything, or cannot act any more: it is waited for no longer. */
export function withoutBridge({ members, lease }: Standing, bridgeId: string): Standing {
  return { ...withoutMember({ members, lease }, bridgeId), lease: lease?.bridgeId === bridgeId ? null : lease };
}

/** Its environments are for others. Whether it has heard so is not known: the lease stays its own for a while. */
export function withoutMember({ members, lease }: Standing, bridgeId: string): Standing {
  return { members: members.filter((member) => member.bridgeId !== bridgeId), lease };
}

/** Another process has begun in this place, so that those that were there before have ended. */
export function withoutForerunners(standing: Standing, { bridgeId, instance }: Process): Standing {
  if (instance === null) return standing;
  const isForerunner = (process: Process) => process.instance === instance && process.bridgeId !== bridgeId;
  const members = standing.members.filter((member) => !isForerunner(member));
  return { members, lease: standing.lease !== null && isForerunner(standing.lease) ? null : standing.lease };
}

/** Whether everybody would be told the same of both. */
export function isSameDuty(a: Standing, b: Standing): boolean {
  return a.lease?.bridgeId === b.lease?.bridgeId && membersOf(a).join() === membersOf(b).join();
}

export function membersOf({ members }: Standing): string[] {
  return members.map(({ bridgeId }) => bridgeId);
}
