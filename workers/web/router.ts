/**
 * Where the person is, kept in the address's fragment: the back button works, and nothing in it reaches a server's log
 * or a Referer header. Links in mails bring a secret along, which leaves the address as soon as it is read. An address
 * that names nothing leads to the list.
 */

/** What may stand for an environment; whether there is one, the server says. */
const environmentIdPattern = /^[a-z0-9_-]{1,64}$/;
const secretPattern = /^[A-Za-z0-9._~-]{1,1024}$/;
const reasonPattern = /^[a-z_]{1,64}$/;

/** The views that are one thing only, and where they are. */
const plainPaths = {
  "sign-in": "sign-in",
  register: "register",
  forgot: "forgot",
  environments: "environments",
  new: "new",
  account: "account",
  sessions: "account/sessions",
  tokens: "account/tokens",
} as const;
type PlainView = keyof typeof plainPaths;
const plainRoutes = (Object.keys(plainPaths) as PlainView[]).map((view) => ({ view }));

/** The views that links bring a secret to: a mail's token, Google's one-time code, or what somebody shares. */
type SecretView = "reset" | "verify" | "google" | "share";

export type Route =
  | { view: PlainView }
  | { view: "terminal" | "logs"; environmentId: string }
  /** null: there was none, or it was read before. */
  | { view: SecretView; secret: string | null }
  | { view: "google-failed"; reason: string };

/** The route of a fragment such as `#/environments/env_…/logs`; null for one that names nothing. */
export function parseRoute(fragment: string): Route | null {
  const path = fragment.replace(/^#?\/?/, "");
  if (path === "") return { view: "environments" };
  const plain = plainRoutes.find(({ view }) => plainPaths[view] === path);
  return plain ?? parseWithArgument(path.split("/"));
}

function parseWithArgument([first, second, third, ...rest]: string[]): Route | null {
  if (rest.length > 0) return null;
  if (first === "environments") return parseEnvironment(second ?? "", third);
  if (third !== undefined) return null;
  switch (first) {
    case "reset":
    case "verify":
    case "google":
    case "share":
      return { view: first, secret: second !== undefined && secretPattern.test(second) ? second : null };
    case "google-failed":
      return { view: first, reason: second !== undefined && reasonPattern.test(second) ? second : "unknown" };
    default:
      return null;
  }
}

function parseEnvironment(environmentId: string, part: string | undefined): Route | null {
  if (!environmentIdPattern.test(environmentId)) return null;
  if (part === undefined) return { view: "terminal", environmentId };
  return part === "logs" ? { view: "logs", environmentId } : null;
}

/** The fragment of a route; the mirror image of `parseRoute`, but for secrets, which it never shows. */
export function linkTo(route: Route): string {
  switch (route.view) {
    case "terminal":
      return `#/environments/${route.environmentId}`;
    case "logs":
      return `#/environments/${route.environmentId}/logs`;
    case "google-failed":
      return `#/google-failed/${route.reason}`;
    case "reset":
    case "verify":
    case "google":
    case "share":
      return `#/${route.view}`;
    default:
      return `#/${plainPaths[route.view]}`;
  }
}

export interface Router {
  /** Where the address leads now; without the secret that it may have come with. */
  current(): Route;
  /** `replace` leaves no entry behind, for redirects. */
  go(route: Route, replace?: boolean): void;
}

/** Calls `onRoute` now and whenever the address changes. */
export function startRouter(onRoute: (route: Route) => void): Router {
  const current = (): Route => parseRoute(location.hash) ?? { view: "environments" };
  function follow(): void {
    const route = current();
    if (location.hash !== linkTo(route)) history.replaceState(null, "", linkTo(route));
    onRoute(route);
  }
  addEventListener("hashchange", follow);
  queueMicrotask(follow);
  return {
    current,
    go(route, replace = false) {
      if (!replace) location.hash = linkTo(route);
      else if (location.hash !== linkTo(route)) location.replace(linkTo(route));
    },
  };
}
