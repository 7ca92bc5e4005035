/** What sharing an environment means, without I/O: kinds, bounds, roles and what a role may do. */
import type { Role } from "../../durable-objects/protocol/vocabulary.ts";

/** For somebody by their user name, for whoever reads an e-mail address, for whoever has a link. */
export const shareKinds = ["user", "email", "link"] as const;
export type ShareKind = (typeof shareKinds)[number];

const minuteSeconds = 60;
const daySeconds = 86_400;

export const shareBounds = {
  minSeconds: 5 * minuteSeconds,
  maxSeconds: 90 * daySeconds,
  defaultSeconds: 7 * daySeconds,
  /** Shares of one environment that live at a time. */
  maxPerEnvironment: 50,
  /** People who may hold one link. */
  maxGuestsPerShare: 100,
} as const;

/** Everything somebody may want of an environment. */
export type Deed = "look" | "watch" | "read_logs" | "type" | "manage";

const deeds: Readonly<Record<Role, readonly Deed[]>> = {
  owner: ["look", "watch", "read_logs", "type", "manage"],
  driver: ["look", "watch", "read_logs", "type"],
  viewer: ["look", "watch", "read_logs"],
};

/** Whether a role allows this. `manage` is all that changes, starts, stops, deletes or shares, and the variables. */
export function mayDo(role: Role, deed: Deed): boolean {
  return deeds[role].includes(deed);
}

/** Until when a share lives that is asked for now. */
export function shareEnd(now: Date, askedSeconds: number | undefined): Date {
  return new Date(now.getTime() + (askedSeconds ?? shareBounds.defaultSeconds) * 1000);
}

/** Whether an address is the one that was invited, in any case. */
export function isInvited(addressee: string | null, account: { email: string }): boolean {
  return addressee !== null && addressee.trim().toLowerCase() === account.email.toLowerCase();
}
