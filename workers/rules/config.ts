/**
 * All configuration as values: what the rest of the Worker may know of its surroundings. workers/env.ts makes it
 * from the raw bindings; nothing else reads those.
 */
import type { LogFormat, LogLevel } from "../../durable-objects/protocol/log-line.ts";

export const serviceName = "DevPocket API";
export const serviceVersion = "1.0.0";

export type EnvironmentName = "development" | "test" | "production";

export interface Config {
  environment: EnvironmentName;
  /** Where people reach this server, without a trailing slash; null when it was not told. */
  publicUrl: string | null;
  /** Origins other than our own that browsers may call from. */
  allowedOrigins: readonly string[];
  /** The cluster that environments are made in when the request names none. */
  clusterName: string;
  database: DatabaseConfig;
  redis: RedisConfig;
  tokens: TokenConfig;
  /** AES-256 keys that seal environment variables; the first seals, all open. */
  environmentKeys: readonly EnvironmentKey[];
  google: GoogleConfig | null;
  mail: MailConfig;
  /** What a scraper shows as a bearer token to read /metrics; null = nobody may. */
  metricsToken: string | null;
  log: { level: LogLevel; format: LogFormat };
  limits: LimitConfig;
}

export interface GoogleConfig {
  /** The client of our own browser flow; null secret = only tokens that apps bring are accepted. */
  clientId: string;
  clientSecret: string | null;
  /** Every client id whose tokens are accepted, ours among them: each app has its own. */
  audiences: readonly string[];
  issuer: string;
  /** JSON Web Key set of the issuer. */
  jwksUrl: string;
  authorizationUrl: string;
  tokenUrl: string;
  /** Where the browser flow may lead besides our own page, e.g. `devpocket://signed-in`. */
  appLinks: readonly string[];
}

/** Whether people can sign in with Google in a browser; without a secret only the tokens that apps bring count. */
export function hasGoogleFlow(google: GoogleConfig | null): google is GoogleConfig & { clientSecret: string } {
  return google !== null && google.clientSecret !== null;
}

export interface MailConfig {
  /** `outbox` keeps mails for /dev/outbox (development and test only); `none` sends nothing. */
  sender: { kind: "resend"; apiKey: string; url: string } | { kind: "outbox" } | { kind: "none" };
  from: string;
  /** Whether a new address has to be verified before environments can be created. */
  requiresVerification: boolean;
}

export interface DatabaseConfig {
  url: string;
  /** Development only: where the HTTP driver sends its queries instead of Neon. */
  fetchEndpoint: string | null;
  /** Development only: `host:port/path` of the WebSocket relay to Postgres instead of Neon's. */
  wsProxy: string | null;
  timeoutMs: number;
}

export interface RedisConfig {
  url: string;
  token: string;
  timeoutMs: number;
}

export interface TokenConfig {
  /** Private Ed25519 keys; the first signs, all verify. */
  keys: readonly SigningKey[];
  accessSeconds: number;
  /** Life of a refresh token; each rotation begins it anew. */
  refreshSeconds: number;
  /** Life of a session however often it was refreshed. */
  sessionSeconds: number;
  /** How long after a rotation the old refresh token still returns the same successor. */
  refreshGraceSeconds: number;
  issuer: string;
  audience: string;
}

/** A private Ed25519 key as a JWK (RFC 8037). */
export interface SigningKey {
  kty: "OKP";
  crv: "Ed25519";
  kid: string;
  x: string;
  d: string;
}

export interface EnvironmentKey {
  id: string;
  /** 32 bytes. */
  bytes: Uint8Array<ArrayBuffer>;
}

export interface LimitConfig {
  bodyBytes: number;
  addressRequestsPerMinute: number;
  /** Failed attempts a minute for one account, and for one account from one address. */
  credentialFailuresPerMinute: number;
  /** Attempts a minute from one address, whichever accounts they name. */
  credentialAttemptsPerAddressPerMinute: number;
  /** Requests an hour from one address that may send a mail to somebody. */
  mailsPerAddressPerHour: number;
  socketsPerUser: number;
  environmentsPerHour: number;
  /** Wrong passwords in a row that lock an account, and for how long. */
  lockFailures: number;
  lockSeconds: number;
  /** How long an isolate gathers counts before it adds them to Redis. */
  metricsFlushMs: number;
  /** How long a request waits for an environment's phase before it answers what is true. */
  phaseWaitMs: number;
}
