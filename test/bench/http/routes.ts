/** The measured routes, each beside its yardstick: how a connection prepares itself, and what it calls again and again. */
import { type Answer, type Call, expectOk, type Send } from "./load.ts";

export interface Route {
  name: string;
  /** The yardstick of the same queries, by name; null for yardsticks and for what cannot be replayed. */
  bareName: string | null;
  /** How often one call asks the database: round trips. */
  roundTrips: number;
  /** Prepares the connection of this number, e.g. by signing in. */
  prepare(send: Send, lane: number): Promise<Call>;
}

export interface Account {
  username: string;
  password: string;
}

export interface Target {
  url: string;
  account: Account & { token: string };
  environmentId: string;
}

/** Yardsticks first: a no-op, and bare handlers with the queries of the two hottest reads. */
export async function routes({ url, account, environmentId }: Target): Promise<Route[]> {
  const headers = { authorization: `Bearer ${account.token}` };
  const [me, list, one, templates] = [
    "/api/v1/auth/me",
    "/api/v1/environments",
    `/api/v1/environments/${environmentId}`,
    "/api/v1/templates",
  ];
  const reader = (name: string, path: string, roundTrips: number, bareName: string | null = null): Route => ({
    name,
    bareName,
    roundTrips,
    prepare: async (send) => async () => expectOk(name, await send({ method: "GET", url: `${url}${path}`, headers })),
  });
  const read = async (name: string, path: string) => {
    const roundTrips = (await queriesOf(url, path, headers)).length;
    const bareName = `bare ${name}`;
    return [
      reader(bareName, `/bench/bare?path=${encodeURIComponent(path)}`, roundTrips),
      reader(`GET ${name}`, path, roundTrips, bareName),
    ];
  };
  return [
    reader("no-op", "/bench/noop", 0),
    ...(await read("/auth/me", me)),
    ...(await read("/environments", list)),
    ...(await read("/environments/{id}", one)),
    ...(await read("/templates", templates)),
    refreshing(url, account),
  ];
}

/** The round trips to the database that the product makes for a path, as the benchmark's Worker recorded them. */
export async function queriesOf(url: string, path: string, headers: Record<string, string>): Promise<unknown[]> {
  const response = await fetch(`${url}/bench/queries?path=${encodeURIComponent(path)}`, { headers });
  if (!response.ok) throw new Error(`${path} could not be recorded: ${await response.text()}`);
  return (await response.json()) as unknown[];
}

/** Every connection has a session of its own, and every call spends the token that the one before brought. */
function refreshing(productUrl: string, account: Account): Route {
  const lanes = new Map<number, Tokens>();
  const url = `${productUrl}/api/v1/auth/refresh`;
  return {
    name: "POST /auth/refresh",
    bareName: null,
    roundTrips: 1,
    prepare: async (send, lane) => {
      lanes.set(lane, lanes.get(lane) ?? (await signIn(send, productUrl, account)));
      return async () => {
        const body = JSON.stringify({ refresh_token: lanes.get(lane)?.refresh_token });
        const answer = await send({ method: "POST", url, body });
        expectOk(url, answer);
        lanes.set(lane, readTokens(answer.body));
      };
    },
  };
}

interface Tokens {
  access_token: string;
  refresh_token: string;
}

/** Sends a name and a password; what comes back is for the caller to judge. */
export function logIn(send: Send, productUrl: string, { username, password }: Account): Promise<Answer> {
  const body = JSON.stringify({ username_or_email: username, password });
  return send({ method: "POST", url: `${productUrl}/api/v1/auth/login`, body });
}

async function signIn(send: Send, productUrl: string, account: Account): Promise<Tokens> {
  const answer = await logIn(send, productUrl, account);
  expectOk("login", answer);
  return readTokens(answer.body);
}

function readTokens(body: string): Tokens {
  const parsed = JSON.parse(body) as Partial<Tokens>;
  if (parsed.access_token === undefined || parsed.refresh_token === undefined) throw new Error("no tokens came back");
  return { access_token: parsed.access_token, refresh_token: parsed.refresh_token };
}
