/**
 * The only reader of the raw bindings. Text variables arrive as unknown and leave as the values of
 * rules/config.ts; whatever is missing or wrong is told in one line that names the variable, never its value.
 */
import { z } from "zod";
import { logLevels } from "../durable-objects/protocol/log-line.ts";
import type { Config, EnvironmentKey, GoogleConfig, LimitConfig, MailConfig, SigningKey } from "./rules/config.ts";
import type { FloodCounter } from "./rules/floods.ts";

const wholeNumber = (fallback: number) => z.coerce.number().int().positive().default(fallback);
const flag = z
  .enum(["true", "false", "1", "0", ""])
  .default("false")
  .transform((value) => value === "true" || value === "1");
/** An empty variable is one that was not set. */
const optionalText = z
  .string()
  .transform((text) => text.trim() || null)
  .nullable()
  .default(null);
/** Words separated by commas. */
const list = z
  .string()
  .default("")
  .transform((text) => text.split(",").flatMap((word) => word.trim() || []));
const url = z.url().transform((text) => text.replace(/\/$/, ""));

const signingKeySchema = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  kid: z.string().min(1),
  x: z.string().min(1),
  d: z.string().min(1),
});

const variablesSchema = z.object({
  ENVIRONMENT: z.enum(["development", "test", "production"]),
  PUBLIC_URL: optionalText.pipe(url.nullable()),
  ALLOWED_ORIGINS: z.string().default("").transform(parseOrigins),
  CLUSTER_NAME: z.string().min(1).default("default"),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "must be a postgres:// URL"),
  NEON_FETCH_ENDPOINT: optionalText.pipe(z.url().nullable()),
  NEON_WS_PROXY: optionalText,
  UPSTASH_REDIS_REST_URL: url,
  UPSTASH_REDIS_REST_TOKEN: z.string().min(1),
  JWT_KEYS: z.string().transform(parseSigningKeys),
  ENVIRONMENT_KEYS: z.string().transform(parseEnvironmentKeys),
  GOOGLE_CLIENT_ID: optionalText,
  GOOGLE_CLIENT_SECRET: optionalText,
  GOOGLE_AUDIENCES: list,
  GOOGLE_ISSUER: url.default("https://accounts.google.com"),
  GOOGLE_JWKS_URL: url.default("https://www.googleapis.com/oauth2/v3/certs"),
  GOOGLE_AUTHORIZATION_URL: url.default("https://accounts.google.com/o/oauth2/v2/auth"),
  GOOGLE_TOKEN_URL: url.default("https://oauth2.googleapis.com/token"),
  APP_LINKS: list,
  MAIL_SENDER: z.enum(["resend", "outbox", "none", ""]).default(""),
  MAIL_FROM: z.string().default("DevPocket <no-reply@localhost>"),
  RESEND_API_KEY: optionalText,
  RESEND_URL: url.default("https://api.resend.com"),
  EMAIL_VERIFICATION: z.enum(["true", "false", ""]).default(""),
  METRICS_TOKEN: optionalText,
  DEBUG: flag,
  LOG_LEVEL: z.enum(logLevels).optional(),
  LOG_FORMAT: z.enum(["json", "pretty"]).default("json"),
  ACCESS_TOKEN_SECONDS: wholeNumber(86_400),
  REFRESH_TOKEN_SECONDS: wholeNumber(7 * 86_400),
  SESSION_SECONDS: wholeNumber(90 * 86_400),
  LIMIT_BODY_BYTES: wholeNumber(10 * 1024 * 1024),
  LIMIT_ADDRESS_REQUESTS_PER_MINUTE: wholeNumber(100),
  LIMIT_CREDENTIAL_FAILURES_PER_MINUTE: wholeNumber(5),
  LIMIT_CREDENTIAL_ATTEMPTS_PER_ADDRESS_PER_MINUTE: wholeNumber(60),
  LIMIT_MAILS_PER_ADDRESS_PER_HOUR: wholeNumber(60),
  LIMIT_SOCKETS_PER_USER: wholeNumber(10),
  LIMIT_ENVIRONMENTS_PER_HOUR: wholeNumber(10),
  LIMIT_LOCK_FAILURES: wholeNumber(5),
  LIMIT_LOCK_SECONDS: wholeNumber(15 * 60),
  LIMIT_METRICS_FLUSH_MS: wholeNumber(10_000),
  LIMIT_PHASE_WAIT_MS: wholeNumber(15_000),
  LIMIT_DATABASE_TIMEOUT_MS: wholeNumber(10_000),
  LIMIT_REDIS_TIMEOUT_MS: wholeNumber(1_000),
});
type Variables = z.infer<typeof variablesSchema>;

/** The names of every variable that is read; the example file explains each. */
export const variableNames = Object.keys(variablesSchema.shape);

/** The environment is incomplete or unsafe; the message names variables and holds no value. */
export class BadConfiguration extends Error {
  constructor(problems: readonly string[]) {
    super(`bad configuration: ${problems.join("; ")}`);
    this.name = "BadConfiguration";
  }
}

/** All configuration of the Worker, or `BadConfiguration`. */
export function readConfig(env: unknown): Config {
  const parsed = variablesSchema.safeParse(env);
  if (!parsed.success) {
    throw new BadConfiguration(parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`));
  }
  if (parsed.data.MAIL_SENDER === "resend" && parsed.data.RESEND_API_KEY === null)
    throw new BadConfiguration(["RESEND_API_KEY: is needed to send mail"]);
  const unsafe = parsed.data.ENVIRONMENT === "production" ? unsafeInProduction(parsed.data) : [];
  if (unsafe.length > 0) throw new BadConfiguration(unsafe);
  return toConfig(parsed.data);
}

/** The built page and its assets. */
export function readAssets(env: Env): Fetcher {
  return env.ASSETS;
}

/** The platform's coarse counter of requests, where there is one. */
export function readFloodCounter(env: Partial<Pick<Env, "FLOODS">>): FloodCounter | null {
  return env.FLOODS ?? null;
}

function toConfig(vars: Variables): Config {
  return {
    environment: vars.ENVIRONMENT,
    publicUrl: vars.PUBLIC_URL,
    allowedOrigins: vars.ALLOWED_ORIGINS,
    clusterName: vars.CLUSTER_NAME,
    database: {
      url: vars.DATABASE_URL,
      fetchEndpoint: vars.NEON_FETCH_ENDPOINT,
      wsProxy: vars.NEON_WS_PROXY,
      timeoutMs: vars.LIMIT_DATABASE_TIMEOUT_MS,
    },
    redis: {
      url: vars.UPSTASH_REDIS_REST_URL,
      token: vars.UPSTASH_REDIS_REST_TOKEN,
      timeoutMs: vars.LIMIT_REDIS_TIMEOUT_MS,
    },
    tokens: {
      keys: vars.JWT_KEYS,
      accessSeconds: vars.ACCESS_TOKEN_SECONDS,
      refreshSeconds: vars.REFRESH_TOKEN_SECONDS,
      sessionSeconds: vars.SESSION_SECONDS,
      refreshGraceSeconds: 30,
      issuer: "devpocket",
      audience: "devpocket-api",
    },
    environmentKeys: vars.ENVIRONMENT_KEYS,
    google: toGoogle(vars),
    mail: toMail(vars),
    metricsToken: vars.METRICS_TOKEN,
    log: { level: vars.LOG_LEVEL ?? (vars.DEBUG ? "debug" : "info"), format: vars.LOG_FORMAT },
    limits: toLimits(vars),
  };
}

function toGoogle(vars: Variables): GoogleConfig | null {
  if (vars.GOOGLE_CLIENT_ID === null) return null;
  return {
    clientId: vars.GOOGLE_CLIENT_ID,
    clientSecret: vars.GOOGLE_CLIENT_SECRET,
    audiences: [vars.GOOGLE_CLIENT_ID, ...vars.GOOGLE_AUDIENCES],
    issuer: vars.GOOGLE_ISSUER,
    jwksUrl: vars.GOOGLE_JWKS_URL,
    authorizationUrl: vars.GOOGLE_AUTHORIZATION_URL,
    tokenUrl: vars.GOOGLE_TOKEN_URL,
    appLinks: vars.APP_LINKS,
  };
}

/** A server that can send mail verifies addresses; one that cannot takes them at their word. */
function toMail(vars: Variables): MailConfig {
  const { RESEND_API_KEY: apiKey, RESEND_URL, EMAIL_VERIFICATION: asked } = vars;
  const byDefault = apiKey !== null ? "resend" : vars.ENVIRONMENT === "production" ? "none" : "outbox";
  const kind = vars.MAIL_SENDER || byDefault;
  const sender: MailConfig["sender"] = kind === "resend" ? { kind, apiKey: apiKey ?? "", url: RESEND_URL } : { kind };
  return { sender, from: vars.MAIL_FROM, requiresVerification: asked === "" ? kind === "resend" : asked === "true" };
}

function toLimits(vars: Variables): LimitConfig {
  return {
    bodyBytes: vars.LIMIT_BODY_BYTES,
    addressRequestsPerMinute: vars.LIMIT_ADDRESS_REQUESTS_PER_MINUTE,
    credentialFailuresPerMinute: vars.LIMIT_CREDENTIAL_FAILURES_PER_MINUTE,
    credentialAttemptsPerAddressPerMinute: vars.LIMIT_CREDENTIAL_ATTEMPTS_PER_ADDRESS_PER_MINUTE,
    mailsPerAddressPerHour: vars.LIMIT_MAILS_PER_ADDRESS_PER_HOUR,
    socketsPerUser: vars.LIMIT_SOCKETS_PER_USER,
    environmentsPerHour: vars.LIMIT_ENVIRONMENTS_PER_HOUR,
    lockFailures: vars.LIMIT_LOCK_FAILURES,
    lockSeconds: vars.LIMIT_LOCK_SECONDS,
    metricsFlushMs: vars.LIMIT_METRICS_FLUSH_MS,
    phaseWaitMs: vars.LIMIT_PHASE_WAIT_MS,
  };
}

/** Secrets that come from an example, a development machine or a test may not open a production server. */
function unsafeInProduction(vars: Variables): string[] {
  const isExample = (name: string) => /^(example|development|dev|test)\b/i.test(name);
  const localHost = /[@/](localhost|127\.0\.0\.1|\[::1\])[:/]/;
  const checks: [boolean, string][] = [
    [vars.JWT_KEYS.some((key) => isExample(key.kid)), "JWT_KEYS: holds an example key"],
    [vars.ENVIRONMENT_KEYS.some((key) => isExample(key.id)), "ENVIRONMENT_KEYS: holds an example key"],
    [vars.ENVIRONMENT_KEYS.some((key) => new Set(key.bytes).size < 8), "ENVIRONMENT_KEYS: holds a guessable key"],
    [localHost.test(vars.DATABASE_URL), "DATABASE_URL: points to this machine"],
    [/\bep-example\b/.test(vars.DATABASE_URL), "DATABASE_URL: is the example"],
    [
      /^(your|example|development|dev|test)/i.test(vars.UPSTASH_REDIS_REST_TOKEN),
      "UPSTASH_REDIS_REST_TOKEN: is the example",
    ],
    [sendsMail(vars) && vars.PUBLIC_URL === null, "PUBLIC_URL: is needed for the links in mails"],
    [vars.MAIL_SENDER === "outbox", "MAIL_SENDER: the outbox is for development only"],
    [vars.METRICS_TOKEN !== null && vars.METRICS_TOKEN.length < 16, "METRICS_TOKEN: is too short"],
    [!vars.GOOGLE_ISSUER.startsWith("https:"), "GOOGLE_ISSUER: must be https"],
    [!vars.GOOGLE_JWKS_URL.startsWith("https:"), "GOOGLE_JWKS_URL: must be https"],
    [!vars.GOOGLE_AUTHORIZATION_URL.startsWith("https:"), "GOOGLE_AUTHORIZATION_URL: must be https"],
    [!vars.GOOGLE_TOKEN_URL.startsWith("https:"), "GOOGLE_TOKEN_URL: must be https"],
    [vars.NEON_FETCH_ENDPOINT !== null, "NEON_FETCH_ENDPOINT: is for development only"],
    [vars.NEON_WS_PROXY !== null, "NEON_WS_PROXY: is for development only"],
  ];
  return checks.flatMap(([isUnsafe, problem]) => (isUnsafe ? [problem] : []));
}

function sendsMail(vars: Variables): boolean {
  return toMail(vars).sender.kind === "resend";
}

function parseOrigins(text: string, context: z.RefinementCtx): string[] {
  const origins = text
    .split(",")
    .map((origin) => origin.trim().replace(/\/$/, ""))
    .filter((origin) => origin !== "");
  const wrong = origins.filter((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (wrong.length > 0) context.addIssue(`must be origins such as https://app.example.com, never a wildcard`);
  return origins;
}

function parseSigningKeys(text: string, context: z.RefinementCtx): SigningKey[] {
  const set = z.object({ keys: z.array(signingKeySchema).min(1) }).safeParse(parseJson(text));
  if (set.success) return set.data.keys;
  context.addIssue("must be a JSON JWK set of private Ed25519 keys, each with a kid (npm run keys)");
  return z.NEVER;
}

function parseEnvironmentKeys(text: string, context: z.RefinementCtx): EnvironmentKey[] {
  const keys = text.split(",").map((part) => parseEnvironmentKey(part.trim()));
  if (keys.every((key) => key !== null)) return keys;
  context.addIssue("must be keyId:32 bytes in base64url, separated by commas (npm run keys)");
  return z.NEVER;
}

function parseEnvironmentKey(text: string): EnvironmentKey | null {
  const match = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_-]{43})$/.exec(text);
  if (match === null) return null;
  const [, id = "", base64url = ""] = match;
  const binary = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return { id, bytes: Uint8Array.from(binary, (char) => char.charCodeAt(0)) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
