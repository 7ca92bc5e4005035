/** The WebSocket routes of clients: the terminal and the logs of an environment (contract.md, section 6). */
import { z } from "@hono/zod-openapi";
import { clientProtocol, clientProtocol2 } from "../../durable-objects/protocol/client-2.ts";
import type { ClientVersion } from "../../durable-objects/protocol/tickets.ts";
import { mainWindow, type SocketKind } from "../../durable-objects/protocol/vocabulary.ts";
import { openViewer, type SocketProof } from "../domain/sockets.ts";
import { problem } from "../http/answers.ts";
import { bearerToken } from "../http/authenticate.ts";
import type { AppContext } from "../http/context.ts";
import { isAllowedOrigin } from "../http/cross-origin.ts";
import { describedRoute } from "../http/describing.ts";
import { newRouter } from "../http/router.ts";
import { answerUpgrade, offeredProtocols, type UpgradeOutcome } from "../http/upgrades.ts";
import { isSecret } from "../rules/secrets.ts";

export const sockets = newRouter();

sockets.get("/terminal/:id", async (c): Promise<Response> => openFor(c, c.req.param("id"), "terminal"));
sockets.get("/logs/:id", async (c): Promise<Response> => openFor(c, c.req.param("id"), "logs"));

const windowParameter = z
  .string()
  .optional()
  .openapi({ description: "A window's id: watches that one, at a size of its own, instead of the selected one" });

describe("terminal", "openTerminal", "The terminal of an environment, shared by everybody who watches it");
describe("logs", "openLogs", "The log stream of an environment");

/** An upgrade is answered by no handler that the document could be derived from. */
function describe(kind: SocketKind, operationId: string, summary: string): void {
  const route = describedRoute({
    method: "get",
    path: `/${kind}/{id}`,
    operationId,
    tags: ["sockets"],
    summary,
    description: `A WebSocket of JSON text frames (durable-objects/protocol/README.md). Who connects is shown by the
Authorization header, by a ticket (POST /api/v1/ws/tickets) as second value of Sec-WebSocket-Protocol after \`devpocket.v1\` or
\`devpocket.v2\`, or by \`token\`. The version is the one offered there, or \`v\`; without either it is 1. A refusal accepts the upgrade and then closes with 1008 and a reason.`,
    security: [{ session: [] }, { personalToken: ["terminal"] }, { queryToken: [] }],
    request: {
      params: z.object({ id: z.string() }),
      query: z.object({
        v: z.enum(["1", "2"]).optional(),
        ...(kind === "terminal" ? { window: windowParameter } : {}),
      }),
    },
    responses: {
      101: { description: "The socket is open, or is closed at once with the reason of a refusal" },
      426: problem("This path is a WebSocket and the request was no upgrade"),
    },
  });
  sockets.openAPIRegistry.registerPath(route);
}

function openFor(c: AppContext, environmentId: string, kind: SocketKind): Promise<Response> {
  return answerUpgrade(c, async (): Promise<UpgradeOutcome> => {
    const origin = c.req.header("origin");
    if (origin !== undefined && !isAllowedOrigin(c, origin)) return { kind: "refused", close: "originNotAllowed" };
    const window = kind === "logs" ? mainWindow : (c.req.query("window") ?? mainWindow);
    return openViewer(c.var.deps, { proof: proofOf(c), environmentId, kind, window, version: versionOf(c) });
  });
}

/** The version that is offered first, or else the query's; who says nothing is an old client. */
function versionOf(c: AppContext): ClientVersion {
  const [first] = offeredProtocols(c);
  if (first === clientProtocol2) return 2;
  return first !== clientProtocol && c.req.query("v") === "2" ? 2 : 1;
}

/** The header, or else a ticket as the second version offered, or else the query: what old clients have to use. */
function proofOf(c: AppContext): SocketProof {
  const header = bearerToken(c);
  if (header !== null) return { kind: "token", text: header };
  const [, second] = offeredProtocols(c);
  if (second !== undefined && isSecret("ticket", second)) return { kind: "ticket", text: second };
  const query = c.req.query("token");
  return query === undefined ? null : { kind: "token", text: query };
}
