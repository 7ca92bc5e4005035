/** Use cases of sockets: a person opens one to an environment of theirs, a bridge opens its own. */

import type { CloseName } from "../../durable-objects/protocol/closes.ts";
import type { MeteredKind } from "../../durable-objects/protocol/objects.ts";
import {
  type BridgeVersion,
  type ClientVersion,
  encodeTicket,
  objectPaths,
  ticketHeader,
  type ViewerTicket,
} from "../../durable-objects/protocol/tickets.ts";
import {
  logsWindow,
  mainWindow,
  type SocketKind,
  statusOf,
  terminalId,
  terminalIdSchema,
} from "../../durable-objects/protocol/vocabulary.ts";
import { windowIdSchema } from "../../durable-objects/protocol/windows.ts";
import { Failed } from "../rules/failures.ts";
import { phaseAt } from "../rules/lifecycle.ts";
import { hasScope, type Principal } from "../rules/principal.ts";
import { isSecret } from "../rules/secrets.ts";
import { verifyToken } from "../rules/tokens.ts";
import { principalOf } from "./accounts/principals.ts";
import { authenticateToken } from "./accounts/sessions.ts";
import { type BridgeIdentity, identifyBridge } from "./bridge.ts";
import type { Deps } from "./deps.ts";
import { limitUser } from "./limits.ts";
import { closeFor, type EnteredEnvironment, findOpen } from "./sharing/access.ts";
import { redeemTicket } from "./tickets.ts";

export type Opened = { kind: "open"; response: Response } | { kind: "refused"; close: CloseName };

/** How somebody shows who they are to a socket. */
export type SocketProof = { kind: "token" | "ticket"; text: string } | null;

/** What somebody wants to watch, and in which version. */
export interface AskedSocket {
  proof: SocketProof;
  environmentId: string;
  kind: SocketKind;
  /** Of a terminal: `main` or a window's id. Whether there is such a window only its cluster knows. */
  window: string;
  version: ClientVersion;
}

/** Who asks for which environment, and the environment if they may watch it. */
interface Visit {
  principal: Principal;
  row: EnteredEnvironment | null;
}

/**
 * Opens a socket of the person who shows this token or ticket. One round trip to the database, session and
 * environment side by side (two with a personal token); fails as `unauthenticated`, as `insufficient_scope`; an
 * environment that is neither theirs nor shared with them, or no longer, is refused with a close that says so.
 */
export async function openViewer(deps: Deps, asked: AskedSocket): Promise<Opened> {
  const checkedAtMs = deps.now().getTime();
  const { principal, row } = await visit(deps, asked);
  if (!hasScope(principal, "terminal")) throw new Failed({ kind: "insufficient_scope", scope: "terminal" });
  if (row === null) return { kind: "refused", close: await closeFor(deps, principal.userId, asked.environmentId) };
  if (!isWindow(asked.window)) return { kind: "refused", close: "windowGone" };
  const ticket = viewerTicket(deps, principal, phaseAt(row, deps.now()), asked);
  const [limit, admission] = await Promise.all([limitUser(deps, principal), admit(deps, ticket, checkedAtMs)]);
  if (limit.isAllowed && admission.kind === "admitted") return openAdmitted(deps, ticket);
  if (admission.kind === "admitted") await deps.objects.user(ticket.userId).release(ticket.socketId);
  if (!limit.isAllowed || admission.kind === "admitted") return { kind: "refused", close: "tryLater" };
  return admission;
}

function isWindow(name: string): boolean {
  return name === mainWindow || windowIdSchema.safeParse(name).success;
}

async function visit(
  deps: Deps,
  { proof, environmentId, kind }: { proof: SocketProof; environmentId: string; kind: SocketKind },
): Promise<Visit> {
  if (proof === null) throw new Failed({ kind: "unauthenticated", reason: "missing" });
  if (proof.kind === "token" && isSecret("personalToken", proof.text)) {
    const principal = await authenticateToken(deps, proof.text);
    return { principal, row: await findOpen(deps, principal.userId, environmentId, "watch") };
  }
  const named =
    proof.kind === "ticket"
      ? await redeemTicket(deps, proof.text, { environmentId, kind })
      : await verifyToken(deps.config.tokens, "access", proof.text, deps.now());
  const asked = [principalOf(deps, named), findOpen(deps, named.userId, environmentId, "watch")] as const;
  const [principal, row] = await Promise.all(asked);
  return { principal, row };
}

function viewerTicket(
  deps: Deps,
  person: Pick<Principal, "userId" | "sessionId" | "username">,
  row: EnteredEnvironment,
  { kind, version, window }: AskedSocket,
): ViewerTicket {
  const { role, endsAt, isWeakerAfter } = row.access;
  return {
    socketId: deps.newId("soc"),
    userId: person.userId,
    sessionId: person.sessionId,
    clusterId: row.clusterId,
    terminal: terminalId(row.id, kind === "logs" ? logsWindow : window),
    kind,
    version,
    username: person.username,
    role,
    roleEnds: endsAt === null ? null : { atMs: endsAt.getTime(), mayRetry: isWeakerAfter },
    environment: {
      id: row.id,
      name: row.name,
      status: statusOf(row.phase),
      template: row.templateId,
      installation_completed: row.installationCompleted,
      pty_enabled: kind === "terminal",
    },
    phase: row.phase,
    statusMessage: row.statusMessage,
    phaseReason: row.phaseReason,
    requestId: deps.requestId,
  };
}

function admit(deps: Deps, ticket: ViewerTicket, checkedAtMs: number) {
  const { socketId, sessionId, terminal, kind } = ticket;
  const entry = { socketId, sessionId, terminal, kind, checkedAtMs };
  return deps.objects.user(ticket.userId).admit(entry, deps.config.limits.socketsPerUser);
}

async function openAdmitted(deps: Deps, ticket: ViewerTicket): Promise<Opened> {
  try {
    const request = upgradeRequest(objectPaths.viewer, encodeTicket(ticket));
    return opened(deps, ticket.kind, await deps.objects.terminal(ticket.terminal).fetch(request));
  } catch (cause) {
    deps.waitUntil(deps.objects.user(ticket.userId).release(ticket.socketId));
    throw cause;
  }
}

/** Who dials for a cluster: its token, the process it is, and the version it speaks. Fails as `unauthenticated`. */
export interface BridgeCall {
  token: string | null;
  bridgeId: string;
  version: BridgeVersion;
}

/** Opens a bridge's control link. */
export async function openLink(deps: Deps, call: BridgeCall): Promise<Opened> {
  const bridge = await bridgeOf(deps, call);
  const request = upgradeRequest(objectPaths.link, bridgeTicket(deps, call, bridge, null));
  return opened(deps, "link", await deps.objects.cluster(bridge.clusterId).fetch(request));
}

/** Opens a bridge's data socket of one terminal; whether the assignment holds is for the terminal to find out. */
export async function openBridgeTerminal(
  deps: Deps,
  call: BridgeCall & { terminal: string; assignment: number; secret: string },
): Promise<Opened> {
  const bridge = await bridgeOf(deps, call);
  const { terminal, assignment, secret } = call;
  const isNamed = terminalIdSchema.safeParse(terminal).success;
  const isAssigned = Number.isSafeInteger(assignment) && assignment > 0;
  if (!isNamed || !isAssigned) return { kind: "refused", close: "unknownPath" };
  const request = upgradeRequest(
    objectPaths.bridge,
    bridgeTicket(deps, call, bridge, { terminal, assignment, secret }),
  );
  return opened(deps, "data", await deps.objects.terminal(terminal).fetch(request));
}

function opened(deps: Deps, kind: MeteredKind, response: Response): Opened {
  deps.gathering.meter.count("opened", kind);
  return { kind: "open", response };
}

async function bridgeOf(deps: Deps, { token }: BridgeCall): Promise<BridgeIdentity> {
  const bridge = token === null ? null : await identifyBridge(deps, token);
  if (bridge === null) throw new Failed({ kind: "unauthenticated", reason: token === null ? "missing" : "invalid" });
  return bridge;
}

function bridgeTicket(
  deps: Deps,
  { bridgeId, version }: BridgeCall,
  { tokenId, clusterId }: BridgeIdentity,
  assignment: { terminal: string; assignment: number; secret: string } | null,
): string {
  return encodeTicket({ bridgeTokenId: tokenId, clusterId, bridgeId, version, assignment, requestId: deps.requestId });
}

/** A request of our own making: nothing a client wrote, its token least of all, reaches an object. */
function upgradeRequest(path: string, ticket: string): Request {
  return new Request(`http://object${path}`, { headers: { upgrade: "websocket", [ticketHeader]: ticket } });
}
