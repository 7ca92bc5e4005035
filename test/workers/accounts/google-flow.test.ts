/** GET /api/v1/auth/google, its callback and the exchange: the way of a browser, and what can be tried on it. */
import { describe, expect, it } from "vitest";
import { beginGoogleFlow, endGoogleFlow, exchangeGoogleCode } from "../../../workers/domain/accounts/google-flow.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { hashOf } from "../../../workers/rules/tokens.ts";
import { call, newAddress, origin } from "../support/api.ts";
import { newClock, newDeps } from "../support/deps.ts";
import {
  atProvider,
  beginInBrowser,
  type Cookies,
  comeBack,
  exchange,
  googleConfig,
  newGooglePerson,
  walk,
} from "../support/google.ts";

const newBrowser = (): Cookies => new Map();
const failure = (reason: string) => `${origin}/#/google-failed/${reason}`;
const device = { address: newAddress(), userAgent: null, cookie: null };

function codeIn(location: string): string {
  const [, code = ""] = /\/#\/google\/(dp_google_[A-Za-z0-9_-]{43})$/.exec(location) ?? [];
  expect(code, location).not.toBe("");
  return code;
}

describe("a browser", () => {
  it("goes to the provider and comes back signed in, by a code that works once", async () => {
    const browser = newBrowser();
    const person = newGooglePerson();
    const code = codeIn(await walk(browser, person));
    const answer = await exchange(browser, code);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body["user"]).toMatchObject({ email: person.email, is_verified: true });
    const token = String(answer.body["access_token"]);
    expect((await call("GET /api/v1/auth/me", { token })).status).toBe(200);
    const again = await exchange(browser, code);
    expect([again.status, again.body["code"]]).toEqual([400, "invalid_code"]);
  });

  it("is asked with state, nonce and PKCE, and its cookie is sealed", async () => {
    const { headers } = await call("GET /api/v1/auth/google");
    const url = new URL(headers.get("location") ?? "");
    expect(url.origin + url.pathname).toBe(googleConfig().authorizationUrl);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: googleConfig().clientId,
      redirect_uri: `${origin}/api/v1/auth/google/callback`,
      response_type: "code",
      scope: "openid email profile",
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    const cookie = headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(
      /^dp_google_flow=.*; Max-Age=600; Path=\/api\/v1\/auth\/google; HttpOnly; Secure; SameSite=Lax$/,
    );
    for (const name of ["state", "nonce"]) expect(cookie).not.toContain(url.searchParams.get(name));
  });

  it("is led to an app's link only when it is on the list", async () => {
    const known = "devpocket://signed-in";
    const ends = await walk(newBrowser(), newGooglePerson(), known);
    expect(ends).toMatch(/^devpocket:\/\/signed-in\?code=dp_google_[\w-]{43}$/);
    const withQuery = await walk(newBrowser(), newGooglePerson(), "https://app.example.com/signed-in?from=google");
    expect(withQuery).toMatch(/^https:\/\/app\.example\.com\/signed-in\?from=google&code=dp_google_[\w-]{43}$/);
    for (const foreign of ["https://evil.example", "//evil.example", `${known}.evil`, "javascript:alert(1)", ""])
      codeIn(await walk(newBrowser(), newGooglePerson(), foreign));
  });

  it("of an app brings a code that the app exchanges without any cookie", async () => {
    const person = newGooglePerson();
    const link = new URL(await walk(newBrowser(), person, "devpocket://signed-in"));
    const answer = await exchange(newBrowser(), link.searchParams.get("code") ?? "");
    expect(answer.body["user"]).toMatchObject({ email: person.email });
  });

  it("cannot be signed in by a link that somebody else walked", async () => {
    const code = codeIn(await walk(newBrowser(), newGooglePerson()));
    const victim = newBrowser();
    expect((await exchange(victim, code)).body["code"]).toBe("invalid_code");
  });
});

describe("the callback", () => {
  it("without the cookie, with another's, or with another state, is refused", async () => {
    const [mine, other] = [newBrowser(), newBrowser()];
    const back = await atProvider(await beginInBrowser(mine), newGooglePerson());
    await beginInBrowser(other);
    expect(await comeBack(newBrowser(), back)).toBe(failure("state_mismatch"));
    expect(await comeBack(other, back)).toBe(failure("state_mismatch"));
    const broken: Cookies = new Map([["dp_google_flow", "x.y.z"]]);
    expect(await comeBack(broken, back)).toBe(failure("state_mismatch"));
    const wrong = new URLSearchParams(back);
    wrong.set("state", "guessed");
    expect(await comeBack(new Map(mine), wrong)).toBe(failure("state_mismatch"));
    wrong.delete("state");
    expect(await comeBack(new Map(mine), wrong)).toBe(failure("state_mismatch"));
    codeIn(await comeBack(mine, back));
  });

  it("cannot be replayed: neither the cookie nor the provider's code works again", async () => {
    const browser = newBrowser();
    const back = await atProvider(await beginInBrowser(browser), newGooglePerson());
    const kept = new Map(browser);
    codeIn(await comeBack(browser, back));
    expect(browser.has("dp_google_flow")).toBe(false);
    expect(await comeBack(browser, back)).toBe(failure("state_mismatch"));
    expect(await comeBack(kept, back)).toBe(failure("invalid_token"));
  });

  it.each([
    ["a nonce of another flow", { nonce: "other" }, "invalid_token"],
    ["no nonce", { nonce: null }, "invalid_token"],
    ["another client's audience", { aud: "ios-client.example" }, "invalid_token"],
    ["an address that was not verified", { email_verified: false }, "email_not_verified"],
    ["no address", { email: undefined }, "email_not_verified"],
  ])("with %s leads to no account", async (_, claims, reason) => {
    const person = newGooglePerson();
    expect(await walk(newBrowser(), { ...person, ...claims })).toBe(failure(reason));
  });

  it("tells that somebody changed their mind, to the page or to the app", async () => {
    for (const [link, end] of [
      [undefined, failure("cancelled")],
      ["devpocket://signed-in", "devpocket://signed-in?error=cancelled"],
    ] as const) {
      const browser = newBrowser();
      const state = (await beginInBrowser(browser, link)).searchParams.get("state") ?? "";
      expect(await comeBack(browser, new URLSearchParams({ error: "access_denied", state }))).toBe(end);
    }
  });

  it("is a dead end after ten minutes", async () => {
    const clock = newClock();
    const deps = newDeps({ now: clock.now });
    const redirectUri = `${origin}/api/v1/auth/google/callback`;
    const { url, cookie } = await beginGoogleFlow(deps, { redirectUri, appLink: undefined });
    const back = await atProvider(new URL(url), newGooglePerson());
    const returned = { state: back.get("state") ?? "", code: back.get("code") ?? "", error: undefined, cookie };
    clock.advanceSeconds(601);
    expect(await endGoogleFlow(deps, returned)).toEqual({ kind: "failed", reason: "state_mismatch", appLink: null });
  });

  it("tells that the provider does not answer", async () => {
    const { config } = newDeps();
    const deps = newDeps({
      config: { ...config, google: { ...googleConfig(), tokenUrl: "http://127.0.0.1:9/token" } },
    });
    const { url, cookie } = await beginGoogleFlow(deps, { redirectUri: `${origin}/x`, appLink: undefined });
    const state = new URL(url).searchParams.get("state") ?? "";
    const end = await endGoogleFlow(deps, { state, code: "x", error: undefined, cookie });
    expect(end).toEqual({ kind: "failed", reason: "unavailable", appLink: null });
  });

  it("does nothing without a provider, or without our secret at it", async () => {
    const { config } = newDeps();
    for (const google of [null, { ...googleConfig(), clientSecret: null }]) {
      const deps = newDeps({ config: { ...config, google } });
      const asked = beginGoogleFlow(deps, { redirectUri: "x", appLink: undefined });
      expect(await asked.catch(failureIn)).toEqual({ kind: "google_failed", reason: "not_configured" });
    }
    const info = (await call("GET /api/v1/info")).body["features"];
    expect(info).toMatchObject({ google_oauth: true });
  });
});

describe("the one-time code", () => {
  it("is kept under its hash for a minute, beside no token", async () => {
    const { redis } = newDeps();
    const code = codeIn(await walk(newBrowser(), newGooglePerson()));
    const key = `once:googleCode:${hashOf(code)}`;
    const seconds = await redis.ttl(key);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    const kept = JSON.stringify(await redis.get(key));
    expect(kept).not.toContain(code);
    expect(kept).not.toMatch(/eyJ|token/);
    expect(await redis.keys(`*${code}*`)).toEqual([]);
  });

  it("is exchanged by one of many at once", async () => {
    const browser = newBrowser();
    const code = codeIn(await walk(browser, newGooglePerson()));
    const answers = await Promise.all(Array.from({ length: 4 }, () => exchange(browser, code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
  });

  it("that was made up is refused, and that Redis is away is told as such", async () => {
    for (const code of ["x", `dp_google_${"a".repeat(43)}`, "", "dp_ticket_x"])
      expect((await exchange(newBrowser(), code)).body["code"]).toBe("invalid_code");
    const { redis } = newDeps();
    const away = new Proxy(redis, {
      get: (target, name) =>
        name === "getdel" ? () => Promise.reject(new TypeError("fetch failed")) : Reflect.get(target, name),
    });
    const asked = exchangeGoogleCode(newDeps({ redis: away }), { code: "x", browser: undefined }, device);
    expect(await asked.catch(failureIn)).toMatchObject({ kind: "unavailable", dependency: "redis" });
  });
});
