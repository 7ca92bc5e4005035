/** The measured routes: how each connection prepares itself, and what it then calls again and again. */
import { type Call, expectOk, type Send } from "./load.ts";

export interface Route {
  name: string;
  /** Prepares one connection, e.g. by signing in. */
  prepare(send: Send): Promise<Call>;
}

export interface Account {
  username: string;
  password: string;
}

/** The two yardsticks and the product's routes, yardsticks first. */
export function routes(yardstickUrl: string, productUrl: string, account: Account): Route[] {
  return [
    { name: "no-op", prepare: async (send) => get(send, `${yardstickUrl}/noop`) },
    { name: "select 1", prepare: async (send) => get(send, `${yardstickUrl}/select`) },
    { name: "GET /auth/me", prepare: (send) => authorized(send, productUrl, account, "/auth/me") },
    { name: "GET /environments", prepare: (send) => authorized(send, productUrl, account, "/environments") },
    { name: "POST /auth/refresh", prepare: (send) => refresh(send, productUrl, account) },
  ];
}

function get(send: Send, url: string, headers: Record<string, string> = {}): Call {
  return async () => expectOk(url, await send({ method: "GET", url, headers }));
}

async function authorized(send: Send, productUrl: string, account: Account, path: string): Promise<Call> {
  const { access_token: token } = await signIn(send, productUrl, account);
  return get(send, `${productUrl}/api/v1${path}`, { authorization: `Bearer ${token}` });
}

/** Every call spends the token the one before brought. */
async function refresh(send: Send, productUrl: string, account: Account): Promise<Call> {
  const url = `${productUrl}/api/v1/auth/refresh`;
  let tokens = await signIn(send, productUrl, account);
  return async () => {
    const body = JSON.stringify({ refresh_token: tokens.refresh_token });
    const answer = await send({ method: "POST", url, body });
    expectOk(url, answer);
    tokens = readTokens(answer.body);
  };
}

interface Tokens {
  access_token: string;
  refresh_token: string;
}

async function signIn(send: Send, productUrl: string, account: Account): Promise<Tokens> {
  const url = `${productUrl}/api/v1/auth/login`;
  const body = JSON.stringify({ username_or_email: account.username, password: account.password });
  const answer = await send({ method: "POST", url, body });
  expectOk(url, answer);
  return readTokens(answer.body);
}

function readTokens(body: string): Tokens {
  const parsed = JSON.parse(body) as Partial<Tokens>;
  if (parsed.access_token === undefined || parsed.refresh_token === undefined) throw new Error("no tokens came back");
  return { access_token: parsed.access_token, refresh_token: parsed.refresh_token };
}
