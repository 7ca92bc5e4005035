/** The OpenID provider of the test run (test/support/issuer.ts) as a client of the Worker meets it. */

import { call, randomText } from "./api.ts";
import { newDeps } from "./deps.ts";

export function googleConfig() {
  const { google } = newDeps().config;
  if (google === null) throw new Error("the test run has a provider");
  return google;
}

/** Somebody at the provider whom nobody has seen before. */
export function newGooglePerson(more: Record<string, unknown> = {}) {
  const word = randomText(12);
  return { sub: `sub-${word}`, email: `g${word}@example.com`, name: "Ada Lovelace", ...more };
}

/** An id token as the provider would give it to an app, but for what `claims` and `how` say. */
export async function idTokenOf(
  claims: Record<string, unknown>,
  how: { algorithm?: "RS256" | "ES256" | "EdDSA"; head?: object } = {},
): Promise<string> {
  const { issuer, clientId } = googleConfig();
  const now = Math.floor(Date.now() / 1000);
  const usual = { iss: issuer, aud: clientId, email_verified: true, iat: now, exp: now + 3600 };
  const body = JSON.stringify({ claims: { ...usual, ...claims }, ...how });
  const answer = await fetch(`${issuer}/sign`, { method: "POST", body });
  return (await answer.json<{ token: string }>()).token;
}

/** Signs in with an id token of these claims. */
export async function signInByToken(claims: Record<string, unknown>) {
  return call("POST /api/v1/auth/google", { json: { id_token: await idTokenOf(claims) } });
}

/** What a browser keeps: the cookies that answers set, by name. */
export type Cookies = Map<string, string>;

export function keepCookies(cookies: Cookies, headers: Headers): void {
  for (const line of headers.getSetCookie()) {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (/max-age=0/i.test(line)) cookies.delete(name);
    else cookies.set(name, value);
  }
}

export const cookieHeader = (cookies: Cookies) => ({
  cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
});

/** Begins in a browser; answers where it is sent, at the provider. */
export async function beginInBrowser(cookies: Cookies, redirect?: string): Promise<URL> {
  const query = redirect === undefined ? "" : `?redirect=${encodeURIComponent(redirect)}`;
  const begun = await call(`GET /api/v1/auth/google${query}`, { headers: cookieHeader(cookies) });
  keepCookies(cookies, begun.headers);
  return new URL(begun.headers.get("location") ?? "");
}

/** What the provider does with the browser: the query it comes back with. */
export async function atProvider(url: URL, claims: Record<string, unknown>): Promise<URLSearchParams> {
  url.searchParams.set("as", JSON.stringify(claims));
  const answer = await fetch(url, { redirect: "manual" });
  return new URL(answer.headers.get("location") ?? "").searchParams;
}

/** Comes back from the provider; answers where the browser is sent then. */
export async function comeBack(cookies: Cookies, query: URLSearchParams): Promise<string> {
  const answer = await call(`GET /api/v1/auth/google/callback?${query}`, { headers: cookieHeader(cookies) });
  keepCookies(cookies, answer.headers);
  return answer.headers.get("location") ?? `${answer.status} ${answer.text}`;
}

/** The whole way of a browser; answers where it ends. */
export async function walk(cookies: Cookies, claims: Record<string, unknown>, redirect?: string): Promise<string> {
  return comeBack(cookies, await atProvider(await beginInBrowser(cookies, redirect), claims));
}

/** What the page does with the code of its address. */
export function exchange(cookies: Cookies, code: string) {
  return call("POST /api/v1/auth/google/exchange", { json: { code }, headers: cookieHeader(cookies) });
}
