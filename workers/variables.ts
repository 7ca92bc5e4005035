/**
 * Every variable that the Worker reads: its form, its default, and what it is once it has been read. What each is for, the example file
 * explains. A message about one names it and never holds its value.
 */
import { z } from "zod";
import { logLevels } from "../durable-objects/protocol/log-line.ts";
import { parseEnvironmentKeys, parseSigningKeys } from "./keys.ts";

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

export const variablesSchema = z.object({
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
export type Variables = z.infer<typeof variablesSchema>;

/** The names of every variable that is read; the example file explains each. */
export const variableNames = Object.keys(variablesSchema.shape);

function parseOrigins(text: string, context: z.RefinementCtx): string[] {
  const origins = text
    .split(",")
    .map((origin) => origin.trim().replace(/\/$/, ""))
    .filter((origin) => origin !== "");
  const wrong = origins.filter((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (wrong.length > 0) context.addIssue(`must be origins such as https://app.example.com, never a wildcard`);
  return origins;
}
