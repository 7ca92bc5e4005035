/**
 * Every WebSocket close this service sends, in one place: its code (RFC 6455 section 7.4), its reason and
 * whether the peer may dial again. The codes appear as numbers nowhere else.
 */

export interface Close {
  readonly code: number;
  readonly reason: string;
  /** False: dialling again with the same credentials cannot help. */
  readonly mayRetry: boolean;
}

export const closes = {
  finished: { code: 1000, reason: "Finished", mayRetry: false },
  unauthenticated: { code: 1008, reason: "Missing or invalid token", mayRetry: false },
  insufficientScope: { code: 1008, reason: "Token lacks the scope terminal", mayRetry: false },
  originNotAllowed: { code: 1008, reason: "Origin not allowed", mayRetry: false },
  environmentNotFound: { code: 1008, reason: "Environment not found", mayRetry: false },
  unknownPath: { code: 1008, reason: "Unknown WebSocket path", mayRetry: false },
  tooManySockets: { code: 1008, reason: "Too many connections", mayRetry: false },
  sessionEnded: { code: 1008, reason: "Session ended", mayRetry: false },
  /** A share was revoked, has expired or was left. */
  accessEnded: { code: 4008, reason: "Access to this environment ended", mayRetry: false },
  /** A guest has another role from now on: dialling again brings it. */
  accessChanged: { code: 4009, reason: "Role changed", mayRetry: true },
  environmentDeleted: { code: 1008, reason: "Environment deleted", mayRetry: false },
  frameTooLarge: { code: 1009, reason: "Frame too large", mayRetry: false },
  floodingFrames: { code: 1008, reason: "Too many frames", mayRetry: false },
  silent: { code: 1001, reason: "No ping for too long", mayRetry: true },
  internal: { code: 1011, reason: "Internal error", mayRetry: true },
  tryLater: { code: 1013, reason: "Try again later", mayRetry: true },
  /** Of two sockets with one client's `cid` the newer one serves it. */
  takenOver: { code: 4006, reason: "Another socket of this client serves it", mayRetry: false },
  /** A window's own terminal ends with it; one that never was has none. */
  windowGone: { code: 4007, reason: "No such window", mayRetry: false },
  /** Bridge sockets. */
  superseded: { code: 4001, reason: "Superseded by a newer assignment", mayRetry: false },
  bridgeTooOld: { code: 4002, reason: "bridge_too_old", mayRetry: false },
  bridgeRevoked: { code: 4003, reason: "Bridge token revoked", mayRetry: false },
  unwanted: { code: 4004, reason: "Nobody watches this terminal", mayRetry: false },
  badFrame: { code: 4005, reason: "Frame out of protocol", mayRetry: true },
} as const satisfies Record<string, Close>;

/** What a socket that ended without a close is said to have closed with (RFC 6455, section 7.1.5). */
export const cutCode = 1006;

export type CloseName = keyof typeof closes;

const finalCodes = new Set<number>(
  Object.values(closes)
    .filter((close) => !close.mayRetry)
    .map((close) => close.code),
);

/** Whether a peer that saw this close code may dial again. Codes we do not send (1006, 1012, …) may. */
export function mayRetry(code: number): boolean {
  return !finalCodes.has(code);
}

const ownCodes = new Set<number>(Object.values(closes).map((close) => close.code));

/** A close code as a label of metrics: those of RFC 6455 and ours; a peer may send any number, and those are one. */
export function codeLabel(code: number): string {
  return (code >= 1000 && code <= 1015) || ownCodes.has(code) ? String(code) : "other";
}
