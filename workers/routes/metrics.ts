/** GET /metrics: everything that is counted and measured, for Prometheus. */
import { createRoute, z } from "@hono/zod-openapi";
import { expositionType } from "../../durable-objects/protocol/exposition.ts";
import { readMetrics } from "../domain/metrics.ts";
import { newRouter } from "../http/router.ts";
import { scraper } from "../http/scraper.ts";

const example = `# HELP devpocket_environments Environments by phase and cluster.
# TYPE devpocket_environments gauge
devpocket_environments{phase="running",cluster="default"} 12
`;

export const metrics = newRouter();

metrics.openapi(
  createRoute({
    method: "get",
    path: "/metrics",
    operationId: "readMetrics",
    tags: ["system"],
    summary: "Metrics in Prometheus' text format 0.0.4",
    middleware: [scraper],
    responses: {
      200: {
        description: "Counts since the beginning, over restarts, and what is there now",
        content: { "text/plain": { schema: z.string().openapi("Exposition", { example }) } },
      },
    },
  }),
  async (c) => c.text(await readMetrics(c.var.deps), 200, { "content-type": expositionType }),
);
