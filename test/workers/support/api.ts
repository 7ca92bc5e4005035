/** Talks to the Worker as a client does: real requests into workerd, one fresh address for each caller. */
import { exports } from "cloudflare:workers";
import { holdToDocument } from "./document.ts";
import { type Person, signedUpPerson } from "./people.ts";

export interface Call {
  token?: string | undefined;
  json?: unknown;
  /** A body as it is, with its media type. */
  raw?: { body: string; type: string | null };
  address?: string | undefined;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: Record<string, unknown>;
}

export type { Person };

export const origin = "https://devpocket.test";

/** Sends one request, e.g. `call("POST /api/v1/auth/login", { json: {...} })`. */
export async function call(route: string, options: Call = {}): Promise<Answer> {
  const [method = "GET", path = "/"] = route.split(" ");
  const headers = new Headers(options.headers);
  headers.set("cf-connecting-ip", options.address ?? newAddress());
  if (options.token !== undefined) headers.set("authorization", `Bearer ${options.token}`);
  const init: RequestInit = { method, headers, redirect: "manual" };
  if (options.json !== undefined) {
    headers.set("content-type", "application/json");
    init.body = JSON.stringify(options.json);
  } else if (options.raw !== undefined) {
    if (options.raw.type !== null) headers.set("content-type", options.raw.type);
    init.body = new TextEncoder().encode(options.raw.body);
  }
  const answer = await answerOf(await exports.default.fetch(new Request(`${origin}${path}`, init)));
  holdToDocument(route, { ...answer, body: answer.text === "" ? null : answer.body });
  return answer;
}

/** Somebody new. */
export function newPerson(): Promise<Person> {
  return signedUpPerson(`u${randomText(12)}`, newAddress());
}

/** The two tokens of an answer. */
export function tokensIn(answer: Answer): { accessToken: string; refreshToken: string } {
  return { accessToken: String(answer.body["access_token"]), refreshToken: String(answer.body["refresh_token"]) };
}

/** An address nobody had before, so that limits of other tests do not count for it. */
export function newAddress(): string {
  const [a = 0, b = 0, c = 0] = crypto.getRandomValues(new Uint8Array(3));
  return `10.${a}.${b}.${c}`;
}

export function randomText(length: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => (byte % 36).toString(36)).join("");
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text !== "" ? JSON.parse(text) : {},
  };
}
