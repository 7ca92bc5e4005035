/**
 * Where the person is, kept in the address's fragment: the back button works, and nothing in it (later: mail tokens)
 * reaches a server's log or a Referer header. An address that names nothing leads to the list.
 */

/** What may stand for an environment; whether there is one, the server says. */
const environmentIdPattern = /^[a-z0-9_-]{1,64}$/;

export type Route =
  | { view: "sign-in" }
  | { view: "register" }
  | { view: "environments" }
  | { view: "new" }
  | { view: "terminal"; environmentId: string }
  | { view: "logs"; environmentId: string };

/** The route of a fragment such as `#/environments/env_…/logs`; null for one that names nothing. */
export function parseRoute(fragment: string): Route | null {
  const [first = "", second, third, ...rest] = fragment.replace(/^#?\/?/, "").split("/");
  if (rest.length > 0) return null;
  if (second === undefined) return parseTop(first);
  if (first !== "environments" || !environmentIdPattern.test(second)) return null;
  if (third === undefined) return { view: "terminal", environmentId: second };
  return third === "logs" ? { view: "logs", environmentId: second } : null;
}

function parseTop(name: string): Route | null {
  if (name === "sign-in" || name === "register" || name === "new" || name === "environments") return { view: name };
  return name === "" ? { view: "environments" } : null;
}

/** The fragment of a route; the mirror image of `parseRoute`. */
export function linkTo(route: Route): string {
  switch (route.view) {
    case "terminal":
      return `#/environments/${route.environmentId}`;
    case "logs":
      return `#/environments/${route.environmentId}/logs`;
    default:
      return `#/${route.view}`;
  }
}

export interface Router {
  current(): Route;
  /** `replace` leaves no entry behind, for redirects. */
  go(route: Route, replace?: boolean): void;
}

/** Calls `onRoute` now and whenever the address changes. */
export function startRouter(onRoute: (route: Route) => void): Router {
  const current = () => parseRoute(location.hash) ?? { view: "environments" };
  function follow(): void {
    if (parseRoute(location.hash) === null) history.replaceState(null, "", linkTo({ view: "environments" }));
    onRoute(current());
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
