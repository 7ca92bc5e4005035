/** A person of the benchmark's own, with one environment, on any running product. */
import { randomBytes } from "node:crypto";
import type { Account } from "../http/routes.ts";
import { openSocketTerminal } from "../terminals/socket-terminal.ts";
import type { Contestant } from "../terminals/terminal.ts";

export interface SignedIn extends Account {
  token: string;
}

/** Registers; throws with the answer when that is refused. */
export async function signUp(url: string): Promise<SignedIn> {
  const username = `bench-${randomBytes(6).toString("hex")}`;
  const password = `Aa1${randomBytes(12).toString("hex")}`;
  const body = { username, email: `${username}@example.com`, password };
  const { access_token: token } = await post<{ access_token: string }>(`${url}/api/v1/auth/register`, body);
  return { username, password, token };
}

/** Signs in and answers the access token. */
export async function signIn(url: string, { username, password }: Account): Promise<string> {
  const body = { username_or_email: username, password };
  return (await post<{ access_token: string }>(`${url}/api/v1/auth/login`, body)).access_token;
}

/** Creates an environment and answers its id as soon as it runs. */
export async function createEnvironment(url: string, token: string, name: string): Promise<string> {
  const address = `${url}/api/v1/environments`;
  const created = await post<{ id: string; status: string }>(address, { name, template: "ubuntu" }, token);
  if (created.status !== "running") throw new Error(`the environment is ${created.status} instead of running`);
  return created.id;
}

export function terminalAddress(url: string, environmentId: string, token: string): string {
  return `${url.replace(/^http/, "ws")}/api/v1/ws/terminal/${environmentId}?token=${token}`;
}

/** Ours as a contestant: every terminal is one more viewer of one environment's shell. */
export async function ours(name: string, url: string): Promise<Contestant> {
  const { token } = await signUp(url);
  const environmentId = await createEnvironment(url, token, "bench");
  return {
    name,
    open: (options) => openSocketTerminal(terminalAddress(url, environmentId, token), options),
    close: async () => {},
  };
}

/** Posts JSON and answers the JSON that comes back; throws with the answer when that is refused. */
export async function post<T>(url: string, body: object, token?: string): Promise<T> {
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...authorization },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}
