/**
 * The published mobile app as far as a server can tell: the calls it makes, the order it makes them in, the spelling
 * it uses, and how it reacts. It refreshes at any 401 and forgets its tokens when that fails.
 */
import type { z } from "zod";
import * as decode from "./decode.ts";

export interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

export interface App {
  /** What the phone keeps: empty = signed out. */
  stored: { access_token?: string; refresh_token?: string };
  /** One request as the app sends it, with its stored token. */
  send(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The same, decoded; a status that is not 2xx or a body the app cannot decode throws. */
  read<Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<z.output<Schema>>;
  /** Opening the app: it asks twice at once for new tokens with the one it stored, and keeps whichever comes last. */
  start(): Promise<z.output<typeof decode.tokens>[]>;
}

export function newApp(url: string): App {
  const stored: App["stored"] = {};
  const keep = (tokens: { access_token: string; refresh_token: string }) => Object.assign(stored, tokens);

  async function send(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers = new Headers({ accept: "application/json", "content-type": "application/json" });
    if (stored.access_token !== undefined) headers.set("authorization", `Bearer ${stored.access_token}`);
    const init: RequestInit = { method, headers, redirect: "manual" };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await fetch(`${url}/api/v1${path}`, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
  }

  const app: App = {
    stored,
    send,
    async read(schema, method, path, body) {
      const answer = await send(method, path, body);
      if (answer.status >= 300)
        throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      const decoded = schema.parse(answer.body);
      const pair = decode.tokens.safeParse(answer.body);
      if (pair.success) keep(pair.data);
      return decoded;
    },
    async start() {
      const { refresh_token } = stored;
      const once = () => app.read(decode.tokens, "POST", "/auth/refresh", { refresh_token });
      return Promise.all([once(), once()]);
    },
  };
  return app;
}

let names = 0;

/** An account nobody has, as the app's form sends it: a camelCase name here, an explicit null there. */
export function newAccount() {
  names += 1;
  const username = `app-${process.pid}-${names}-${Math.random().toString(36).slice(2, 8)}`;
  return { username, email: `${username}@example.com`, password: "SecurePass123!", fullName: "App User", phone: null };
}
