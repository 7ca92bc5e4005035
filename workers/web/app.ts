/** What every view is given: the API, the router, and who is signed in. */
import { clientProtocol, clientProtocol2 } from "../../durable-objects/protocol/client.ts";
import type { SocketKind } from "../../durable-objects/protocol/vocabulary.ts";
import { type Calls, createCalls } from "./api/calls.ts";
import { createClient } from "./api/client.ts";
import { Failed } from "./api/problem.ts";
import { createTokenStore, type TokenStore } from "./api/tokens.ts";
import type { Route, Router } from "./router.ts";
import type { SocketTarget } from "./terminal/live-socket.ts";

export interface App {
  calls: Calls;
  tokens: TokenStore;
  router: Router;
  /** Where to go after signing in, and the line that says why that is needed; taken once. */
  interrupted: { route: Route; why: string; isFailure?: boolean } | null;
  /** Whether people can sign in with Google here; false as well when the server did not say. Asked once. */
  offersGoogle(): Promise<boolean>;
  /** Where an environment's socket is, with a ticket for one dial. Throws `Failed`. */
  socketTarget(kind: SocketKind, environmentId: string): Promise<SocketTarget>;
}

/** A screen of the page. The signal ends when it is left. */
export type View = (app: App, signal: AbortSignal) => HTMLElement;

export function createApp(router: Router): App {
  const tokens = createTokenStore(localStorage);
  const client = createClient({
    apiUrl: `${location.origin}/api/v1`,
    tokens,
    onSignedOut: () => askToSignIn("Your session has ended. Please sign in again."),
  });

  function askToSignIn(why: string): void {
    app.interrupted = { route: router.current(), why };
    router.go({ view: "sign-in" }, true);
  }

  const calls = createCalls(client, tokens);
  let isGoogleOffered: Promise<boolean> | null = null;

  const app: App = {
    calls,
    tokens,
    router,
    interrupted: null,
    offersGoogle() {
      isGoogleOffered ??= calls.offersGoogle().catch((error: unknown) => {
        if (!(error instanceof Failed)) throw error;
        isGoogleOffered = null;
        return false;
      });
      return isGoogleOffered;
    },
    async socketTarget(kind, environmentId) {
      const url = new URL(`/api/v1/ws/${kind}/${environmentId}`, location.href);
      url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      const ticket = await calls.ticket(environmentId, kind);
      // The ticket is always the second value (protocol/README.md); what comes behind it is for older servers.
      const protocols = kind === "logs" ? [clientProtocol, ticket] : [clientProtocol2, ticket, clientProtocol];
      return { url: url.href, protocols };
    },
  };
  return app;
}
