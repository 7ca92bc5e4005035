/** GET /api/v1/environments/{id}/metrics and /logs. */
import { createRoute, z } from "@hono/zod-openapi";
import { logEntrySchema, type Readings, readingsSchema } from "../../../durable-objects/protocol/bridge-link.ts";
import { type Metrics, readLogs, readMetrics } from "../../domain/environments/insight.ts";
import { json, problems } from "../../http/answers.ts";
import { allowed } from "../../http/authenticate.ts";
import { newRouter } from "../../http/router.ts";
import { formatResources } from "../../rules/quantities.ts";
import { idParameter, writtenResourcesSchema } from "./shapes.ts";

export const insight = newRouter();

const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90s`, `15m`, `1h`, `7d`, in seconds. */
const durationSchema = (fallback: string, maxSeconds: number) =>
  z
    .string()
    .regex(/^\d{1,7}[smhd]$/, "must be a duration such as 60s or 1h")
    .default(fallback)
    .transform((text) => Number(text.slice(0, -1)) * (secondsPerUnit[text.slice(-1)] ?? 1))
    .pipe(z.number().min(1).max(maxSeconds));

const weekSeconds = 7 * 86_400;
const pointSchema = readingsSchema.omit({ uptime: true, reason: true });
const pointExample = {
  cpu_usage: 3.5,
  memory_usage: 21,
  storage_usage: 4,
  network_in: 5_120,
  network_out: 20_480,
  timestamp: "2026-10-20T12:00:00.000Z",
};
const readingsExample = { ...pointExample, uptime: 3_600 };
const metricsSchema = readingsSchema
  .extend({
    environment_id: z.string(),
    disk_usage: z.number().nullable(),
    current: readingsSchema,
    historical: z.array(pointSchema).openapi({
      description: "Averages of each `step` since the range, or the environment, began; null where nothing was read",
    }),
    step: z.string().openapi({ description: "As asked for, or wider: at most 1,000 steps are told. Kept for 7 days" }),
    resources: z.object({ limits: writtenResourcesSchema }),
  })
  .openapi("Metrics", {
    example: {
      ...readingsExample,
      environment_id: "env_k3v9q0z7w1m5x8r2t6y4",
      disk_usage: readingsExample.storage_usage,
      current: readingsExample,
      historical: [pointExample],
      step: "60s",
      resources: { limits: { cpu: "500m", memory: "1Gi", storage: "10Gi" } },
    },
  });

insight.openapi(
  createRoute({
    method: "get",
    path: "/{id}/metrics",
    operationId: "getEnvironmentMetrics",
    tags: ["environments"],
    summary: "Use of processors, memory, storage and network; null with a `reason` where there is no reading",
    middleware: [allowed("environments:read")],
    request: {
      params: idParameter,
      query: z.object({ range: durationSchema("1h", weekSeconds), step: durationSchema("60s", weekSeconds) }),
    },
    responses: {
      200: json(metricsSchema, "Percent of the limits, and what was read in the range asked for"),
      ...problems({ 404: "None of yours" }),
    },
  }),
  async (c) => {
    const { range, step } = c.req.valid("query");
    const asked = { rangeSeconds: range, stepSeconds: step };
    return c.json(metricsBody(await readMetrics(c.var.deps, c.var.principal, c.req.valid("param").id, asked)), 200);
  },
);

function metricsBody({ row, current, history, stepSeconds }: Metrics): z.infer<typeof metricsSchema> {
  const limits = formatResources({
    cpu_millicores: row.cpuMillicores,
    memory_bytes: row.memoryBytes,
    storage_bytes: row.storageBytes,
  });
  return {
    ...current,
    environment_id: row.id,
    disk_usage: current.storage_usage,
    current,
    historical: history.map(
      ({ taken_at, ...point }): Omit<Readings, "uptime"> => ({ ...point, timestamp: taken_at.toISOString() }),
    ),
    step: `${stepSeconds}s`,
    resources: { limits },
  };
}

const logsSchema = z
  .object({
    logs: z.array(z.string()),
    entries: z.array(logEntrySchema),
    total: z.number().int(),
    has_more: z.boolean(),
  })
  .openapi("Logs", {
    example: {
      logs: ["Server listens on 8000"],
      entries: [
        {
          timestamp: "2026-10-20T12:00:00.000Z",
          level: "info",
          message: "Server listens on 8000",
          source: "container",
        },
      ],
      total: 1,
      has_more: false,
    },
  });

insight.openapi(
  createRoute({
    method: "get",
    path: "/{id}/logs",
    operationId: "getEnvironmentLogs",
    tags: ["environments"],
    summary: "The newest log lines, oldest first",
    middleware: [allowed("environments:read")],
    request: {
      params: idParameter,
      query: z.object({
        lines: z.coerce.number("must be a number").int("must be a whole number").min(1).max(1000).default(100),
        since: z.iso.datetime({ offset: true }).optional(),
      }),
    },
    responses: {
      200: json(logsSchema, "`logs` as text, `entries` in parts"),
      ...problems({ 404: "None of yours", 503: "No bridge of the cluster answers" }),
    },
  }),
  async (c) => {
    const asked = c.req.valid("query");
    const { entries, hasMore } = await readLogs(c.var.deps, c.var.principal, c.req.valid("param").id, asked);
    const logs = entries.map((entry) => entry.message);
    return c.json({ logs, entries, total: entries.length, has_more: hasMore }, 200);
  },
);
