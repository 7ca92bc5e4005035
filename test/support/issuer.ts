/**
 * An OpenID provider with keys of its own, in Google's place: a key set, an authorization endpoint that asks nobody, a
 * token endpoint that checks client, redirect and PKCE, and, for tests only, a way to have any claims signed.
 */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { close, listen, readBody, sendJson } from "../../bridge/dev/http.ts";

const clientId = "web-client.example";
const clientSecret = "web-secret";
const maxBodyBytes = 65_536;
const algorithms = ["RS256", "ES256", "EdDSA"] as const;
type Algorithm = (typeof algorithms)[number];

interface Grant {
  redirectUri: string;
  challenge: string;
  nonce: string;
  claims: Record<string, unknown>;
}

/** The provider and the Worker's variables that make it Google. */
export async function startIssuer() {
  const keys = await newKeys();
  const grants = new Map<string, Grant>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => sendJson(response, 500, { error: String(error) }));
  });
  const { port } = await listen(server, 0);
  const issuer = `http://127.0.0.1:${port}`;
  const variables = {
    GOOGLE_CLIENT_ID: clientId,
    GOOGLE_CLIENT_SECRET: clientSecret,
    GOOGLE_AUDIENCES: "android-client.example, ios-client.example",
    GOOGLE_ISSUER: issuer,
    GOOGLE_JWKS_URL: `${issuer}/certs`,
    GOOGLE_AUTHORIZATION_URL: `${issuer}/authorize`,
    GOOGLE_TOKEN_URL: `${issuer}/token`,
    APP_LINKS: "devpocket://signed-in, https://app.example.com/signed-in?from=google",
  };
  return { variables, close: () => close(server) };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", issuer);
    switch (url.pathname) {
      case "/certs":
        return sendJson(response, 200, { keys: algorithms.map((algorithm) => keys[algorithm].jwk) });
      case "/sign":
        return sendJson(response, 200, { token: await sign(JSON.parse(await readBody(request, maxBodyBytes))) });
      case "/authorize":
        return authorize(url, response);
      case "/token":
        return redeem(request, response);
      default:
        return sendJson(response, 404, {});
    }
  }

  /** Signs the claims as they are. */
  function sign({ claims, algorithm = "RS256", head = {} }: Asked): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, kid: keys[algorithm].jwk.kid ?? "", ...head })
      .sign(keys[algorithm].privateKey);
  }

  /** Whoever asks is let in, as the person the parameter `as` tells. */
  function authorize({ searchParams: query }: URL, response: ServerResponse): void {
    const isWhole = query.get("client_id") === clientId && query.get("code_challenge_method") === "S256";
    if (isWhole) sendBack(query, response);
    else sendJson(response, 400, { error: "invalid_request" });
  }

  function sendBack(query: URLSearchParams, response: ServerResponse): void {
    const code = randomUUID();
    grants.set(code, {
      redirectUri: query.get("redirect_uri") ?? "",
      challenge: query.get("code_challenge") ?? "",
      nonce: query.get("nonce") ?? "",
      claims: JSON.parse(query.get("as") ?? "{}"),
    });
    const back = new URL(query.get("redirect_uri") ?? "");
    back.searchParams.set("code", code);
    back.searchParams.set("state", query.get("state") ?? "");
    response.writeHead(302, { location: back.href }).end();
  }

  async function redeem(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await readBody(request, maxBodyBytes));
    const grant = grants.get(form.get("code") ?? "");
    grants.delete(form.get("code") ?? "");
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const isRight =
      request.headers.authorization === `Basic ${btoa(`${clientId}:${clientSecret}`)}` &&
      grant?.challenge === challenge &&
      grant.redirectUri === form.get("redirect_uri");
    if (!isRight) return sendJson(response, 400, { error: "invalid_grant" });
    const now = Math.floor(Date.now() / 1000);
    const usual = { iss: issuer, aud: clientId, email_verified: true, nonce: grant.nonce, iat: now, exp: now + 3600 };
    const id_token = await sign({ claims: { ...usual, ...grant.claims } });
    sendJson(response, 200, { access_token: randomUUID(), token_type: "Bearer", expires_in: 3600, id_token });
  }
}

interface Asked {
  claims: Record<string, unknown>;
  algorithm?: Algorithm;
  head?: object;
}

async function newKeys(): Promise<Record<Algorithm, { jwk: JWK; privateKey: CryptoKey }>> {
  const made = await Promise.all(algorithms.map(newKey));
  return Object.fromEntries(algorithms.map((algorithm, index) => [algorithm, made[index]])) as Awaited<
    ReturnType<typeof newKeys>
  >;
}

async function newKey(algorithm: Algorithm) {
  const { publicKey, privateKey } = await generateKeyPair(algorithm);
  return {
    privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid: `issuer-${algorithm}`, alg: algorithm, use: "sig" },
  };
}
