/** Who arrives at a terminal, as the Worker vouches for them: tickets as the core's arrivals. */
import type { Assignment } from "../protocol/bridge-link.ts";
import type { ServerMessage } from "../protocol/client.ts";
import type { Control } from "../protocol/objects.ts";
import type { BridgeTicket, ViewerTicket } from "../protocol/tickets.ts";
import { hasShell } from "../protocol/vocabulary.ts";
import type { BridgeArrival } from "./bridge.ts";
import type { Arrival } from "./events.ts";

/** The greeting says welcome and, where there is no shell or something is to be said of it, how the environment is. */
export function viewerArrival(ticket: ViewerTicket): Arrival {
  const { socketId, userId, sessionId, clusterId, kind, version, requestId, username, role, roleEnds } = ticket;
  const { environment, phase, statusMessage } = ticket;
  const welcome: ServerMessage = { type: "welcome", message: `Connected to ${environment.name}`, environment };
  const update: ServerMessage = {
    type: "status_update",
    status: environment.status,
    phase,
    message: statusMessage ?? `The environment is ${phase}`,
    reason: ticket.phaseReason ?? null,
    progress: null,
  };
  return {
    viewer: { id: socketId, userId, sessionId, clusterId, kind, version, requestId, username, access: role, roleEnds },
    greeting: hasShell(phase) && statusMessage === null ? [welcome] : [welcome, update],
  };
}

/** `id` names its socket; `control` is who had control when the assignment was found to be current. */
export function bridgeArrival(
  id: string,
  { bridgeTokenId: tokenId, clusterId, bridgeId, requestId, version }: BridgeTicket,
  { assignment }: Assignment,
  control: Control,
): BridgeArrival {
  return { id, tokenId, clusterId, bridgeId, requestId, version, assignment, control };
}
