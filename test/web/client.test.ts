/** The page's API client against a real HTTP server that lets access tokens end and counts refreshes. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, createClient } from "../../workers/web/api/client.ts";
import { Failed, type Failure } from "../../workers/web/api/problem.ts";
import { createTokenStore } from "../../workers/web/api/tokens.ts";

/** A server whose only good access token is the one it gave last. */
class Sessions {
  readonly server: Server = createServer((request, response) => void this.answer(request, response));
  refreshes = 0;
  calls: string[] = [];
  accessToken = jwt(1);
  refreshToken = "refresh-0";
  /** What a refresh answers; 200 gives new tokens. */
  refreshStatus = 200;

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const send = (status: number, body: object) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    const problem = (status: number) => send(status, { status, code: "no", detail: "No" });
    if (request.url === "/auth/refresh") {
      this.refreshes += 1;
      const { refresh_token } = JSON.parse(Buffer.concat(chunks).toString()) as { refresh_token: string };
      if (this.refreshStatus !== 200) return problem(this.refreshStatus);
      if (refresh_token !== this.refreshToken) return problem(401);
      this.accessToken = jwt(1_000_000 + this.refreshes);
      this.refreshToken = `refresh-${this.refreshes}`;
      return send(200, { access_token: this.accessToken, refresh_token: this.refreshToken });
    }
    this.calls.push(`${request.method} ${request.url}`);
    if (request.headers.authorization !== `Bearer ${this.accessToken}`) return problem(401);
    if (request.url === "/gone") return problem(404);
    send(200, { path: request.url });
  }
}

/** A token that ends at this Unix time. */
function jwt(expSeconds: number): string {
  return `e30.${Buffer.from(JSON.stringify({ exp: expSeconds })).toString("base64url")}.c2ln`;
}

function memoryStorage(): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

const tokens = createTokenStore(memoryStorage());
let sessions: Sessions;
let client: Client;
let signedOut: number;

beforeEach(async () => {
  sessions = new Sessions();
  sessions.server.listen(0, "127.0.0.1");
  await once(sessions.server, "listening");
  signedOut = 0;
  const { port } = sessions.server.address() as AddressInfo;
  client = createClient({
    apiUrl: `http://127.0.0.1:${port}`,
    tokens,
    onSignedOut: () => {
      signedOut += 1;
    },
  });
  tokens.write({ access: jwt(5), refresh: "refresh-0" });
});

afterEach(async () => {
  sessions.server.closeAllConnections();
  sessions.server.close();
  await once(sessions.server, "close");
});

const get = (path: string) => client.request({ method: "GET", path });
const failureOf = (call: Promise<unknown>): Promise<Failure> =>
  call.then(
    () => Promise.reject(new Error("the call succeeded")),
    (error: unknown) => (error instanceof Failed ? error.failure : Promise.reject(error)),
  );

describe("request", () => {
  it("refreshes after a 401 and repeats the call with the new token", async () => {
    expect(await get("/auth/me")).toEqual({ path: "/auth/me" });
    expect(sessions.calls).toEqual(["GET /auth/me", "GET /auth/me"]);
    expect(tokens.read()).toEqual({ access: sessions.accessToken, refresh: "refresh-1" });
  });

  it("refreshes once however many calls wait for it", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => get(`/${index}`)));
    expect(answers).toHaveLength(20);
    expect(sessions.refreshes).toBe(1);
  });

  it("uses the tokens that another tab has fetched meanwhile", async () => {
    const waiting = get("/a");
    tokens.write({ access: sessions.accessToken, refresh: "refresh-0" });
    expect(await waiting).toEqual({ path: "/a" });
    expect(sessions.refreshes).toBe(0);
  });

  it("signs out when the refresh is refused", async () => {
    sessions.refreshToken = "another";
    expect(await failureOf(get("/a"))).toEqual({ kind: "signed_out" });
    expect(tokens.read()).toBeNull();
    expect(signedOut).toBe(1);
  });

  it("stays signed in when the refresh fails for another reason", async () => {
    sessions.refreshStatus = 503;
    expect(await failureOf(get("/a"))).toMatchObject({ kind: "problem", status: 503 });
    expect(tokens.read()).not.toBeNull();
    expect(signedOut).toBe(0);
  });

  it("sends no token with a public call and takes its 401 as the answer", async () => {
    const call = client.request({ method: "POST", path: "/auth/login", body: {}, isPublic: true });
    expect(await failureOf(call)).toMatchObject({ kind: "problem", status: 401 });
    expect(sessions.refreshes).toBe(0);
  });

  it("tells a refusal from an absent server", async () => {
    expect(await failureOf(get("/gone"))).toMatchObject({ kind: "problem", status: 404 });
    const nowhere = createClient({ apiUrl: "http://127.0.0.1:1", tokens, onSignedOut: () => undefined });
    expect(await failureOf(nowhere.request({ method: "GET", path: "/a" }))).toEqual({ kind: "offline" });
  });
});
