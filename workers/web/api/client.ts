/**
 * Calls the API with the stored access token. On a 401 the tokens are renewed once, by one refresh however many calls
 * wait for it, and the call is repeated; when the refresh itself is refused the person is signed out.
 */
import * as z from "zod/mini";
import { Failed, type Failure, readProblem } from "./problem.ts";
import { parseJson, type TokenStore, type Tokens } from "./tokens.ts";

export interface Call {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the API's root, e.g. `/environments`. */
  path: string;
  body?: unknown;
  /** A body that is not JSON. */
  bytes?: Blob;
  /** Sent without a token, and a 401 is an answer like any other (login, register). */
  isPublic?: boolean;
}

export interface Client {
  /** The answer's JSON. Throws `Failed`. */
  request(call: Call): Promise<unknown>;
  /** The answer as bytes, of its own media type. Throws `Failed`. */
  fetchBytes(call: Call): Promise<Blob>;
}

export interface ClientOptions {
  /** Origin and root of the API, e.g. `https://host/api/v1`. */
  apiUrl: string;
  tokens: TokenStore;
  /** The session is over and the tokens are gone. */
  onSignedOut(): void;
}

/** The four token fields that login, register and refresh answer; two of them are kept. */
export const tokenAnswerSchema = z.object({ access_token: z.string(), refresh_token: z.string() });

export function createClient(options: ClientOptions): Client {
  const { apiUrl, tokens } = options;
  let renewal: Promise<Tokens> | null = null;

  async function request(call: Call): Promise<unknown> {
    return readAnswer(call.isPublic ? await send(apiUrl, call, null) : await sendSigned(call));
  }

  async function fetchBytes(call: Call): Promise<Blob> {
    const response = await sendSigned(call);
    if (response.ok) return response.blob().catch(failOffline);
    await readAnswer(response);
    throw new Failed({ kind: "unreadable", status: response.status });
  }

  async function sendSigned(call: Call): Promise<Response> {
    const held = heldTokens();
    const response = await send(apiUrl, call, held.access);
    if (response.status !== 401) return response;
    const renewed = await renew(held);
    const repeated = await send(apiUrl, call, renewed.access);
    return repeated.status === 401 ? signOut() : repeated;
  }

  function heldTokens(): Tokens {
    return tokens.read() ?? signOut();
  }

  /** Tokens newer than `stale`: those another call or tab has fetched already, or the ones of the single refresh. */
  async function renew(stale: Tokens): Promise<Tokens> {
    const held = heldTokens();
    if (held.access !== stale.access) return held;
    renewal ??= rotate(held).finally(() => {
      renewal = null;
    });
    return renewal;
  }

  async function rotate(held: Tokens): Promise<Tokens> {
    const call: Call = { method: "POST", path: "/auth/refresh", body: { refresh_token: held.refresh } };
    const response = await send(apiUrl, call, null);
    // Only a refusal ends the session: a server that is away or busy says nothing about the tokens.
    if (response.status === 400 || response.status === 401) return signOut();
    const answer = parseAnswer(tokenAnswerSchema, await readAnswer(response));
    const renewed = { access: answer.access_token, refresh: answer.refresh_token };
    tokens.write(renewed);
    return renewed;
  }

  function signOut(): never {
    tokens.clear();
    options.onSignedOut();
    throw new Failed({ kind: "signed_out" });
  }

  return { request, fetchBytes };
}

/** Narrows an answer to its schema; throws `Failed` when it does not fit. */
export function parseAnswer<T>(schema: z.ZodMiniType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new Failed({ kind: "unreadable", status: 200 });
}

async function send(apiUrl: string, call: Call, accessToken: string | null): Promise<Response> {
  const headers = new Headers({ accept: "application/json" });
  if (accessToken !== null) headers.set("authorization", `Bearer ${accessToken}`);
  if (call.body !== undefined) headers.set("content-type", "application/json");
  if (call.bytes !== undefined) headers.set("content-type", "application/octet-stream");
  const body = call.bytes ?? (call.body === undefined ? null : JSON.stringify(call.body));
  return fetch(apiUrl + call.path, { method: call.method, headers, body, cache: "no-store" }).catch(failOffline);
}

async function readAnswer(response: Response): Promise<unknown> {
  const body = parseJson(await response.text().catch(failOffline));
  if (response.ok) return body;
  const failure: Failure = readProblem(response.status, body);
  throw new Failed(failure);
}

/** `fetch` and the reading of a body reject for one reason: the way to the server is cut. */
function failOffline(): never {
  throw new Failed({ kind: "offline" });
}
