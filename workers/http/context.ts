/** What middleware leaves for handlers, and the types of a handler's context. */
import type { Context, MiddlewareHandler } from "hono";
import type { BridgeIdentity } from "../domain/bridge.ts";
import type { Deps } from "../domain/deps.ts";
import type { LimitVerdict } from "../domain/limits.ts";
import type { Principal } from "../rules/principal.ts";

export interface AppEnv {
  Bindings: Env;
  Variables: {
    deps: Deps;
    requestId: string;
    /** Behind `authenticated`; behind `perhapsAuthenticated` where somebody is signed in. */
    principal: Principal;
    /** What the limiter said, for the headers of the answer. */
    limit: LimitVerdict;
    /** Only behind `authenticatedBridge`. */
    bridge: BridgeIdentity;
  };
}

export type AppContext = Context<AppEnv>;
export type AppMiddleware = MiddlewareHandler<AppEnv>;
