/** The environment as configuration: defaults, refusals, and what may not run in production. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { BadConfiguration, readConfig } from "../../workers/env.ts";
import { serviceVersion } from "../../workers/rules/config.ts";
import { variableNames } from "../../workers/variables.ts";

/** What the test run sets, but for what has a default. */
const good = Object.fromEntries(
  Object.entries(env).filter(([name, value]) => typeof value === "string" && !/^(GOOGLE_|APP_LINKS)/.test(name)),
);
const keysOf = (id: string) =>
  `${id}:${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace("=", "")}`;

const production = {
  ...good,
  ENVIRONMENT: "production",
  DATABASE_URL: "postgres://owner:secret@ep-cool.eu-central-1.aws.neon.tech/devpocket",
  NEON_FETCH_ENDPOINT: undefined,
  NEON_WS_PROXY: undefined,
  ENVIRONMENT_KEYS: keysOf("k1"),
};

function refusal(changes: Record<string, unknown>, base: Record<string, unknown> = good): string {
  try {
    readConfig({ ...base, ...changes });
    return "accepted";
  } catch (error) {
    if (error instanceof BadConfiguration) return error.message;
    throw error;
  }
}

describe("configuration", () => {
  it("has the documented defaults", () => {
    const { limits, tokens, log, google, clusterName } = readConfig(good);
    expect(limits).toMatchObject({ addressRequestsPerMinute: 100, credentialFailuresPerMinute: 5, lockSeconds: 900 });
    expect(tokens).toMatchObject({ accessSeconds: 86_400, refreshSeconds: 604_800, refreshGraceSeconds: 30 });
    expect(log).toEqual({ level: "info", format: "json" });
    expect(google).toBeNull();
    expect(clusterName).toBe("default");
  });

  it("takes every limit and switch from a variable", () => {
    const config = readConfig({
      ...good,
      LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "7",
      ACCESS_TOKEN_SECONDS: "60",
      DEBUG: "true",
      LOG_FORMAT: "pretty",
      GOOGLE_CLIENT_ID: "id",
      GOOGLE_CLIENT_SECRET: "secret",
      PUBLIC_URL: "https://devpocket.example/",
      ALLOWED_ORIGINS: "https://app.example.com, http://localhost:5173/",
    });
    expect(config.limits.addressRequestsPerMinute).toBe(7);
    expect(config.tokens.accessSeconds).toBe(60);
    expect(config.log).toEqual({ level: "debug", format: "pretty" });
    expect(config.google).toMatchObject({ clientId: "id", clientSecret: "secret", audiences: ["id"] });
    expect(config.publicUrl).toBe("https://devpocket.example");
    expect(config.allowedOrigins).toEqual(["https://app.example.com", "http://localhost:5173"]);
  });

  it.each([
    ["DATABASE_URL", undefined],
    ["DATABASE_URL", "mysql://x"],
    ["UPSTASH_REDIS_REST_URL", "not a url"],
    ["JWT_KEYS", "not json"],
    ["JWT_KEYS", '{"keys":[]}'],
    ["ENVIRONMENT_KEYS", "k1:tooshort"],
    ["ENVIRONMENT", "staging"],
    ["ALLOWED_ORIGINS", "*"],
    ["ALLOWED_ORIGINS", "https://app.example.com/path"],
    ["LIMIT_BODY_BYTES", "-1"],
    ["LIMIT_LOCK_SECONDS", "soon"],
  ])("names %s when it is %s", (name, value) => {
    expect(refusal({ [name]: value })).toContain(name);
  });

  it("never tells the value of what it refuses", () => {
    expect(refusal({ JWT_KEYS: "s3cret", ENVIRONMENT_KEYS: "s3cret", DATABASE_URL: "s3cret" })).not.toContain("s3cret");
  });

  it("opens ENVIRONMENT_KEYS to 32 bytes each, the first one first", () => {
    const { environmentKeys } = readConfig({ ...good, ENVIRONMENT_KEYS: `${keysOf("new")}, ${keysOf("old")}` });
    expect(environmentKeys.map((key) => [key.id, key.bytes.length])).toEqual([
      ["new", 32],
      ["old", 32],
    ]);
  });

  it("runs in production with secrets of its own", () => {
    expect(refusal({}, production)).toBe("accepted");
  });

  it.each([
    ["DATABASE_URL", "postgres://a:b@localhost:5432/x"],
    ["NEON_FETCH_ENDPOINT", "http://127.0.0.1:1/sql"],
    ["NEON_WS_PROXY", "127.0.0.1:1/v2"],
    ["ENVIRONMENT_KEYS", keysOf("example")],
    ["ENVIRONMENT_KEYS", `k1:${"A".repeat(43)}`],
    ["DATABASE_URL", "postgresql://user:password@ep-example.eu-central-1.aws.neon.tech/devpocket"],
    ["UPSTASH_REDIS_REST_TOKEN", "your-upstash-token"],
    ["MAIL_SENDER", "outbox"],
    ["METRICS_TOKEN", "metrics"],
    ["GOOGLE_ISSUER", "http://127.0.0.1:1"],
    ["GOOGLE_JWKS_URL", "http://127.0.0.1:1/certs"],
    ["GOOGLE_AUTHORIZATION_URL", "http://127.0.0.1:1/authorize"],
    ["GOOGLE_TOKEN_URL", "http://127.0.0.1:1/token"],
    ["JWT_KEYS", JSON.stringify({ keys: [{ kty: "OKP", crv: "Ed25519", kid: "example", x: "x", d: "d" }] })],
  ])("refuses to run in production with an example's or a developer's %s", (name, value) => {
    expect(refusal({ [name]: value }, production)).toContain(name);
  });

  it("lists the variables it reads, and tells the version of package.json", () => {
    expect(variableNames).toContain("DATABASE_URL");
    expect(serviceVersion).toBe(packageJson.version);
  });
});
