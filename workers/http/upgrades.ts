/**
 * WebSocket upgrades as the Worker answers them. A refusal accepts the upgrade and then closes with a reason: a
 * failed upgrade tells its client nothing. These routes stand outside the middleware that adds headers, because
 * an answer that carries a socket cannot be rebuilt.
 */
import { type CloseName, closes } from "../../durable-objects/protocol/closes.ts";
import { Failed, failureIn, rootCause } from "../rules/failures.ts";
import { isSecret } from "../rules/secrets.ts";
import type { AppContext, AppMiddleware } from "./context.ts";

const protocolHeader = "sec-websocket-protocol";
const extensionsHeader = "sec-websocket-extensions";
/** zlib's windows cost up to 300 KiB a socket. A viewer types little, and a quarter of the window costs a tenth of what
 * deflate saves it. The platform agrees to no more than was offered. */
const compression = "permessage-deflate; server_max_window_bits=13; client_max_window_bits=10";

/** What a use case says to an upgrade: the object's answer with its socket, or why not. */
export type UpgradeOutcome = { kind: "open"; response: Response } | { kind: "refused"; close: CloseName };

/** The versions a client offers in `Sec-WebSocket-Protocol`, its favourite first. */
export function offeredProtocols(c: AppContext): string[] {
  return (c.req.header(protocolHeader) ?? "").split(",").flatMap((name) => name.trim() || []);
}

/** Answers an upgrade with what `open` decides; anything else on this path is 426. Expected failures close too. */
export async function answerUpgrade(c: AppContext, open: () => Promise<UpgradeOutcome>): Promise<Response> {
  if (!isUpgrade(c)) throw new Failed({ kind: "upgrade_required" });
  const outcome = await open().catch((error: unknown) => refusalFor(c, error));
  if (outcome.kind === "refused") return refuseUpgrade(c, outcome.close);
  const { webSocket, status } = outcome.response;
  if (webSocket !== null) return upgraded(c, webSocket);
  // The objects' script is away: somebody answered in its place.
  c.var.deps.log("warn", "the object answered without a socket", { status });
  return refuseUpgrade(c, "tryLater");
}

/** Last of the socket routes: an upgrade that none of them took. */
export const unknownUpgrades: AppMiddleware = async (c, next) => {
  if (isUpgrade(c)) return refuseUpgrade(c, "unknownPath");
  await next();
};

function isUpgrade(c: AppContext): boolean {
  return c.req.header("upgrade")?.toLowerCase() === "websocket";
}

function refuseUpgrade(c: AppContext, close: CloseName): Response {
  c.var.deps.log("info", "socket refused", { close });
  c.var.deps.gathering.meter.count("refused", close);
  const [client, server] = Object.values(new WebSocketPair());
  server?.accept();
  server?.close(closes[close].code, closes[close].reason);
  if (client === undefined) throw new Error("no socket pair");
  return upgraded(c, client);
}

/** A client that offers versions hangs up unless one of them is chosen; a ticket is never sent back. */
function upgraded(c: AppContext, webSocket: WebSocket): Response {
  const [first] = offeredProtocols(c);
  const chosen = first === undefined || isSecret("ticket", first) ? undefined : first;
  const headers = new Headers();
  if (chosen !== undefined) headers.set(protocolHeader, chosen);
  if (c.req.header(extensionsHeader) !== undefined) headers.set(extensionsHeader, compression);
  return new Response(null, { status: 101, webSocket, headers });
}

/** Every failure on the way to a socket is a close: may the client come back, or is there no point. */
function refusalFor(c: AppContext, error: unknown): UpgradeOutcome {
  const failure = failureIn(error);
  switch (failure?.kind) {
    case "unauthenticated":
      return { kind: "refused", close: "unauthenticated" };
    case "insufficient_scope":
      return { kind: "refused", close: "insufficientScope" };
    case "not_found":
      return { kind: "refused", close: "environmentNotFound" };
    case "too_many_requests":
    case "unavailable":
    case "misconfigured":
      return { kind: "refused", close: "tryLater" };
    default:
      c.var.deps.log("error", "unexpected error", { error: rootCause(error).message, stack: rootCause(error).stack });
      return { kind: "refused", close: "internal" };
  }
}
