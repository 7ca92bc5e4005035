/** GET /health, /health/ready, /health/live (the same under /api/v1), and GET /api/v1/info. */
import { createRoute, z } from "@hono/zod-openapi";
import { checkReadiness } from "../domain/health.ts";
import { json, problems } from "../http/answers.ts";
import { limitedByAddress } from "../http/limits.ts";
import { newRouter } from "../http/router.ts";
import { neverTheSame } from "../http/versions.ts";
import { hasGoogleFlow, serviceName, serviceVersion } from "../rules/config.ts";
import { Failed } from "../rules/failures.ts";

const healthSchema = z
  .object({
    status: z.literal("healthy"),
    service: z.string(),
    version: z.string(),
    environment: z.string(),
    timestamp: z.number().int().openapi({ description: "Unix seconds" }),
  })
  .openapi("Health", {
    example: {
      status: "healthy",
      service: serviceName,
      version: serviceVersion,
      environment: "production",
      timestamp: 1_792_497_600,
    },
  });

const liveSchema = z.object({ status: z.literal("alive") }).openapi("Liveness");
const checkSchema = z.enum(["ok", "down"]);
const readySchema = z
  .object({
    status: z.literal("ready"),
    checks: z.object({ database: checkSchema, redis: checkSchema, objects: checkSchema }),
  })
  .openapi("Readiness");

const infoSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    environment: z.string(),
    features: z.object({
      authentication: z.boolean(),
      google_oauth: z.boolean(),
      websockets: z.boolean(),
      rate_limiting: z.boolean(),
      metrics: z.boolean(),
    }),
    limits: z.object({
      requests_per_minute: z.number().int(),
      sockets_per_user: z.number().int(),
      environments_per_hour: z.number().int(),
      body_bytes: z.number().int(),
    }),
  })
  .openapi("Info", {
    example: {
      name: serviceName,
      version: serviceVersion,
      environment: "production",
      features: { authentication: true, google_oauth: true, websockets: true, rate_limiting: true, metrics: true },
      limits: { requests_per_minute: 100, sockets_per_user: 10, environments_per_hour: 10, body_bytes: 10_485_760 },
    },
  });

/** The three health checks; they are served under two paths, and each needs operations of its own in the document. */
function newHealth(operationIds: Record<"health" | "live" | "ready", string>) {
  const router = newRouter();

  router.openapi(
    createRoute({
      method: "get",
      path: "/",
      operationId: operationIds.health,
      tags: ["system"],
      summary: "The service answers",
      middleware: [neverTheSame],
      responses: { 200: json(healthSchema, "Always, while the service runs") },
    }),
    (c) => {
      const { config, now } = c.var.deps;
      const timestamp = Math.floor(now().getTime() / 1000);
      const facts = { service: serviceName, version: serviceVersion, environment: config.environment, timestamp };
      return c.json({ status: "healthy" as const, ...facts }, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/live",
      operationId: operationIds.live,
      tags: ["system"],
      summary: "The process lives",
      middleware: [neverTheSame],
      responses: { 200: json(liveSchema, "Always") },
    }),
    (c) => c.json({ status: "alive" as const }, 200),
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/ready",
      operationId: operationIds.ready,
      tags: ["system"],
      summary: "Database and Redis answer",
      middleware: [neverTheSame],
      responses: { 200: json(readySchema, "All answer"), ...problems({ 503: "One does not; `checks` tells which" }) },
    }),
    async (c) => {
      const checks = await checkReadiness(c.var.deps);
      const isReady = Object.values(checks).every((check) => check === "ok");
      if (!isReady) throw new Failed({ kind: "not_ready", checks: { ...checks } });
      return c.json({ status: "ready" as const, checks }, 200);
    },
  );

  return router;
}

export const health = newHealth({ health: "getHealth", live: "getLiveness", ready: "getReadiness" });
export const apiHealth = newHealth({ health: "getApiHealth", live: "getApiLiveness", ready: "getApiReadiness" });

export const info = newRouter();

info.openapi(
  createRoute({
    method: "get",
    path: "/info",
    operationId: "getInfo",
    tags: ["system"],
    summary: "What this server is and allows",
    middleware: [limitedByAddress] as const,
    responses: { 200: json(infoSchema, "Name, version, features and limits") },
  }),
  (c) => {
    const { config } = c.var.deps;
    return c.json(
      {
        name: serviceName,
        version: serviceVersion,
        environment: config.environment,
        features: {
          authentication: true,
          google_oauth: hasGoogleFlow(config.google),
          websockets: true,
          rate_limiting: true,
          metrics: config.metricsToken !== null,
        },
        limits: {
          requests_per_minute: config.limits.addressRequestsPerMinute,
          sockets_per_user: config.limits.socketsPerUser,
          environments_per_hour: config.limits.environmentsPerHour,
          body_bytes: config.limits.bodyBytes,
        },
      },
      200,
    );
  },
);
