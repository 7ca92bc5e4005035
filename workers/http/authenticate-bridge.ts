/** Lets a cluster's bridge in by its token. No user's token opens these routes, and no bridge's token any other. */
import { identifyBridge } from "../domain/bridge.ts";
import { Failed } from "../rules/failures.ts";
import type { AppMiddleware } from "./context.ts";

/** Leaves the bridge's identity as `c.get("bridge")`; anything else is 401. One round trip. */
export const authenticatedBridge: AppMiddleware = async (c, next) => {
  const token = /^Bearer (\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (token === undefined) throw new Failed({ kind: "unauthenticated", reason: "missing" });
  const bridge = await identifyBridge(c.var.deps, token);
  if (bridge === null) throw new Failed({ kind: "unauthenticated", reason: "invalid" });
  c.set("bridge", bridge);
  await next();
};
