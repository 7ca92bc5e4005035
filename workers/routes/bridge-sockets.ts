/** The WebSocket routes of bridges: the control link, and the data socket of one terminal. */
import { type Context, Hono } from "hono";
import {
  assignmentHeader,
  assignmentSecretHeader,
  bridgeIdHeader,
  bridgeProtocol,
  servedBridgeProtocols,
} from "../../durable-objects/protocol/bridge-link.ts";
import { type BridgeCall, openBridgeTerminal, openLink } from "../domain/sockets.ts";
import { bearerToken } from "../http/authenticate.ts";
import type { AppEnv } from "../http/context.ts";
import { answerUpgrade, offeredProtocols, type UpgradeOutcome } from "../http/upgrades.ts";

type BridgeContext = Context<AppEnv>;

export const bridgeSockets = new Hono<AppEnv>({ strict: false });

bridgeSockets.get("/link", async (c): Promise<Response> => answer(c, (call) => openLink(c.var.deps, call)));

bridgeSockets.get("/terminals/:terminal", async (c): Promise<Response> => {
  return answer(c, (call) =>
    openBridgeTerminal(c.var.deps, {
      ...call,
      terminal: c.req.param("terminal"),
      assignment: Number(c.req.header(assignmentHeader)),
      secret: c.req.header(assignmentSecretHeader) ?? "",
    }),
  );
});

/** A bridge that speaks no version we serve is told so before anything else. */
function answer(c: BridgeContext, open: (call: BridgeCall) => Promise<UpgradeOutcome>): Promise<Response> {
  return answerUpgrade(c, async () => {
    const spoken = offeredProtocols(c).find((protocol) => servedBridgeProtocols.includes(protocol));
    if (spoken === undefined) return { kind: "refused", close: "bridgeTooOld" };
    const version = spoken === bridgeProtocol ? 2 : 1;
    return open({ token: bearerToken(c), bridgeId: c.req.header(bridgeIdHeader) ?? "", version });
  });
}
