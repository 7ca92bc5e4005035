/** What may not stand in the variables of a production server: what an example holds, and what is for development. Pure. */
import type { Variables } from "./variables.ts";

/** Secrets that come from an example, a development machine or a test may not open a production server. */
export function unsafeInProduction(vars: Variables, sendsMail: boolean): string[] {
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
    [sendsMail && vars.PUBLIC_URL === null, "PUBLIC_URL: is needed for the links in mails"],
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
