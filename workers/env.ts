/**
 * The only reader of the raw bindings. Text variables arrive as unknown, are read by variables.ts, and leave as the values of
 * rules/config.ts; whatever is missing or wrong is told in one line that names the variable, never its value.
 */
import { unsafeInProduction } from "./production.ts";
import type { Config, GoogleConfig, LimitConfig, MailConfig } from "./rules/config.ts";
import type { FloodCounter } from "./rules/floods.ts";
import { type Variables, variablesSchema } from "./variables.ts";

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
  const vars = parsed.data;
  if (vars.MAIL_SENDER === "resend" && vars.RESEND_API_KEY === null)
    throw new BadConfiguration(["RESEND_API_KEY: is needed to send mail"]);
  const config = toConfig(vars);
  const sendsMail = config.mail.sender.kind === "resend";
  const unsafe = vars.ENVIRONMENT === "production" ? unsafeInProduction(vars, sendsMail) : [];
  if (unsafe.length > 0) throw new BadConfiguration(unsafe);
  return config;
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
