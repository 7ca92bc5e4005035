/** The WebSocket routes of clients: the terminal and the logs of an environment (contract.md, section 6). */
import { Hono } from "hono";
import type { SocketKind } from "../../durable-objects/protocol/vocabulary.ts";
import { openViewer } from "../domain/sockets.ts";
import { bearerToken } from "../http/authenticate.ts";
import type { AppContext, AppEnv } from "../http/context.ts";
import { isAllowedOrigin } from "../http/cross-origin.ts";
import { answerUpgrade, type UpgradeOutcome } from "../http/upgrades.ts";

export const sockets = new Hono<AppEnv>({ strict: false });

sockets.get("/terminal/:id", async (c): Promise<Response> => openFor(c, c.req.param("id"), "terminal"));
sockets.get("/logs/:id", async (c): Promise<Response> => openFor(c, c.req.param("id"), "logs"));

function openFor(c: AppContext, environmentId: string, kind: SocketKind): Promise<Response> {
  return answerUpgrade(c, async (): Promise<UpgradeOutcome> => {
    const origin = c.req.header("origin");
    if (origin !== undefined && !isAllowedOrigin(c, origin)) return { kind: "refused", close: "originNotAllowed" };
    const token = bearerToken(c) ?? c.req.query("token") ?? null;
    return openViewer(c.var.deps, { token, environmentId, kind });
  });
}
