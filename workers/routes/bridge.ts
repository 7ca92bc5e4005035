/** What a cluster's bridge asks and tells over HTTP (protocol/bridge-api.ts). Not part of the public API. */
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { reportSchema, telemetrySchema } from "../../durable-objects/protocol/bridge-api.ts";
import { desiredList, takeReport, takeTelemetry } from "../domain/bridge.ts";
import { authenticatedBridge } from "../http/authenticate-bridge.ts";
import type { AppEnv } from "../http/context.ts";
import { fieldErrors } from "../http/router.ts";
import { Failed } from "../rules/failures.ts";

export const bridge = new Hono<AppEnv>();

bridge.get("/desired", authenticatedBridge, async (c) => {
  const etag = `"${c.var.bridge.revision}"`;
  if (c.req.header("if-none-match") === etag) return c.body(null, 304, { ETag: etag });
  return c.json(await desiredList(c.var.deps, c.var.bridge), 200, { ETag: etag, "Cache-Control": "no-store" });
});

const report = zValidator("json", reportSchema, (result) => {
  if (!result.success) throw new Failed({ kind: "invalid_input", errors: fieldErrors(result.error) });
});

bridge.post("/report", authenticatedBridge, report, async (c) => {
  return c.json(await takeReport(c.var.deps, c.var.bridge, c.req.valid("json")), 200);
});

const telemetry = zValidator("json", telemetrySchema, (result) => {
  if (!result.success) throw new Failed({ kind: "invalid_input", errors: fieldErrors(result.error) });
});

bridge.post("/telemetry", authenticatedBridge, telemetry, async (c) => {
  await takeTelemetry(c.var.deps, c.var.bridge, c.req.valid("json"));
  return c.body(null, 204);
});
