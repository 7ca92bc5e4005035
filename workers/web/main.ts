/** Entry of the page: shows the view of the address, and the sign-in form to whoever is not signed in. */
import { config } from "zod/mini";
import { type App, createApp, type View } from "./app.ts";
import { el } from "./dom.ts";
import { pages } from "./pages.ts";
import { keepPendingShare } from "./pending-share.ts";
import { type Route, startRouter } from "./router.ts";
import { environmentsView } from "./views/environments.ts";
import { googleFailedView, googleView } from "./views/google.ts";
import { newView } from "./views/new.ts";
import { registerView, signInView } from "./views/sign-in.ts";

// The CSP forbids the compiled parsers that zod tries by default.
config({ jitless: true });

const page = document.querySelector("main") ?? document.body.appendChild(el("main"));
let leave = new AbortController();
let wasSignedIn: boolean | null = null;

const router = startRouter((route) => void show(route));
const app: App = createApp(router);

async function show(route: Route): Promise<void> {
  const { title, who } = pages[route.view];
  const isSignedIn = app.tokens.read() !== null;
  wasSignedIn = isSignedIn;
  if (who === "member" && !isSignedIn) return askToSignIn(route);
  if (who === "guest" && isSignedIn) return router.go({ view: "environments" }, true);
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const view = await viewOf(route);
  if (signal.aborted) return;
  document.title = `${title} · DevPocket`;
  page.dataset["view"] = route.view;
  page.replaceChildren(view(app, signal));
  page.querySelector<HTMLElement>("[data-focus]")?.focus({ preventScroll: true });
}

function askToSignIn(route: Route): void {
  if (route.view === "share") {
    if (route.secret !== null) keepPendingShare(route.secret);
    app.interrupted = { route: { view: "share", secret: null }, why: "Sign in to open what is shared with you." };
  }
  router.go({ view: "sign-in" }, true);
}

/** What few people need at once is fetched when it is first needed: the terminal is most of the page's code. */
async function viewOf(route: Route): Promise<View> {
  switch (route.view) {
    case "sign-in":
      return signInView;
    case "register":
      return registerView;
    case "forgot":
      return (await import("./views/forgot.ts")).forgotView;
    case "reset":
      return (await import("./views/reset.ts")).resetView(route.secret);
    case "verify":
      return (await import("./views/verify.ts")).verifyView(route.secret);
    case "google":
      return googleView(route.secret);
    case "google-failed":
      return googleFailedView(route.reason);
    case "environments":
      return environmentsView;
    case "new":
      return newView;
    case "account":
      return (await import("./views/account/account.ts")).accountView;
    case "sessions":
      return (await import("./views/account/sessions.ts")).sessionsView;
    case "tokens":
      return (await import("./views/account/tokens.ts")).tokensView;
    case "share":
      return (await import("./views/sharing/accept.ts")).acceptView(route.secret);
    case "terminal":
      return (await import("./views/terminal.ts")).terminalView(route.environmentId);
    case "logs":
      return (await import("./views/logs.ts")).logsView(route.environmentId);
  }
}

// Another tab signed in or out; that it renewed the tokens changes nothing here, nor does either for what a mail opened.
addEventListener("storage", () => {
  const route = router.current();
  if (pages[route.view].who === "anyone") return;
  if ((app.tokens.read() !== null) !== wasSignedIn) void show(route);
});
