/** Entry of the page: shows the view of the address, and the sign-in form to whoever is not signed in. */
import { config } from "zod/mini";
import { type App, createApp, type View } from "./app.ts";
import { el } from "./dom.ts";
import { type Route, startRouter } from "./router.ts";
import { environmentsView } from "./views/environments.ts";
import { newView } from "./views/new.ts";
import { registerView, signInView } from "./views/sign-in.ts";

// The CSP forbids the compiled parsers that zod tries by default.
config({ jitless: true });

const titles: Readonly<Record<Route["view"], string>> = {
  "sign-in": "Sign in",
  register: "Create account",
  environments: "Environments",
  new: "New environment",
  terminal: "Terminal",
  logs: "Logs",
};

const page = document.querySelector("main") ?? document.body.appendChild(el("main"));
let leave = new AbortController();
let wasSignedIn: boolean | null = null;

const router = startRouter((route) => void show(route));
const app: App = createApp(router);

async function show(route: Route): Promise<void> {
  const isPublic = route.view === "sign-in" || route.view === "register";
  const isSignedIn = app.tokens.read() !== null;
  wasSignedIn = isSignedIn;
  if (!isPublic && !isSignedIn) return router.go({ view: "sign-in" }, true);
  if (isPublic && isSignedIn) return router.go({ view: "environments" }, true);
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const view = await viewOf(route);
  if (signal.aborted) return;
  document.title = `${titles[route.view]} · DevPocket`;
  page.dataset["view"] = route.view;
  page.replaceChildren(view(app, signal));
  page.querySelector<HTMLElement>("[data-focus]")?.focus({ preventScroll: true });
}

/** The terminal is most of the page's code, so it is fetched when it is first needed. */
async function viewOf(route: Route): Promise<View> {
  switch (route.view) {
    case "sign-in":
      return signInView;
    case "register":
      return registerView;
    case "environments":
      return environmentsView;
    case "new":
      return newView;
    case "terminal":
      return (await import("./views/terminal.ts")).terminalView(route.environmentId);
    case "logs":
      return (await import("./views/logs.ts")).logsView(route.environmentId);
  }
}

// Another tab signed in or out; that it renewed the tokens changes nothing here.
addEventListener("storage", () => {
  if ((app.tokens.read() !== null) !== wasSignedIn) void show(router.current());
});
