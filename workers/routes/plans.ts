/** /api/v1/plans: what each plan allows, and its change by administrators; /api/v1/users/me/limits: one's own. */
import { createRoute, z } from "@hono/zod-openapi";
import {
  changePlan,
  type OwnLimits,
  type PlanChange,
  type PlanRow,
  readOwnLimits,
  readPlan,
  readPlans,
} from "../domain/plans.ts";
import { body, json, problems } from "../http/answers.ts";
import { administrator, allowed } from "../http/authenticate.ts";
import { limitedByAddress } from "../http/limits.ts";
import { newRouter } from "../http/router.ts";
import { versionOf } from "../http/versions.ts";
import { largestOf, smallestSizes } from "../rules/plans.ts";
import { bytesSchema, cpuSchema, formatResources } from "../rules/quantities.ts";
import { hoursOf } from "../rules/quotas.ts";

const hourSeconds = 3600;
const minuteSeconds = 60;
/** More than this is a slip of the hand, and more than the columns hold. */
const maxCpuMillicores = 1_000_000;
const maxBytes = 2 ** 50;
const yearHours = 366 * 24;

const exampleLimits = {
  environments: 1,
  cpu: "1",
  memory: "2Gi",
  storage: "10Gi",
  idle_minutes: 15,
  running_hours: 60,
  unattended_hours: 2,
  requests_per_minute: 100,
};
const examplePlan = { id: "free", ...exampleLimits, updated_at: "2026-01-01T00:00:00.000Z" };

const planSchema = z
  .object({
    id: z.string(),
    environments: z.number().int(),
    cpu: z.string().openapi({ description: "Processors of the largest environment" }),
    memory: z.string(),
    storage: z.string(),
    idle_minutes: z.number().nullable().openapi({ description: "Until an idle environment stops; null = never" }),
    running_hours: z.number().nullable().openapi({ description: "A calendar month (UTC); null = no limit" }),
    unattended_hours: z
      .number()
      .nullable()
      .openapi({ description: "How long work goes on with nobody attending; null = no limit" }),
    requests_per_minute: z.number().int(),
    updated_at: z.iso.datetime(),
  })
  .openapi("Plan", { example: examplePlan });
const planListSchema = z
  .object({ plans: z.array(planSchema) })
  .openapi("PlanList", { example: { plans: [examplePlan] } });

function limitsOf(plan: PlanChange) {
  return {
    environments: plan.maxEnvironments,
    ...formatResources(largestOf(plan)),
    idle_minutes: plan.idleSeconds === null ? null : plan.idleSeconds / minuteSeconds,
    running_hours: plan.runningSecondsPerMonth === null ? null : hoursOf(plan.runningSecondsPerMonth),
    unattended_hours: plan.unattendedSeconds === null ? null : hoursOf(plan.unattendedSeconds),
    requests_per_minute: plan.requestsPerMinute,
  };
}

function planBody(row: PlanRow): z.infer<typeof planSchema> {
  return { id: row.id, ...limitsOf(row), updated_at: row.updatedAt.toISOString() };
}

const planVersion = versionOf(...(Object.keys(exampleLimits) as [string, ...string[]]));

export const plans = newRouter();

plans.openapi(
  createRoute({
    method: "get",
    path: "/plans",
    operationId: "listPlans",
    tags: ["plans"],
    summary: "The plans and what each allows, the smallest first",
    middleware: [limitedByAddress],
    responses: { 200: json(planListSchema, "All of them") },
  }),
  async (c) => c.json({ plans: (await readPlans(c.var.deps)).map(planBody) }, 200),
);

plans.openapi(
  createRoute({
    method: "get",
    path: "/plans/{id}",
    operationId: "getPlan",
    tags: ["plans"],
    summary: "What one plan allows",
    middleware: [limitedByAddress, planVersion.read],
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: json(planSchema, "The plan"), ...problems({ 404: "No such plan" }) },
  }),
  async (c) => c.json(planBody(await readPlan(c.var.deps, c.req.valid("param").id)), 200),
);

const sizeBetween = (schema: typeof cpuSchema, least: number, most: number) =>
  schema.pipe(z.number().min(least, "is less than an environment needs").max(most, "is too large"));

const planChangeSchema = z
  .object({
    environments: z.number().int().min(1).max(10_000),
    cpu: sizeBetween(cpuSchema, smallestSizes.cpu_millicores, maxCpuMillicores),
    memory: sizeBetween(bytesSchema, smallestSizes.memory_bytes, maxBytes),
    storage: sizeBetween(bytesSchema, smallestSizes.storage_bytes, maxBytes),
    idle_minutes: z
      .number()
      .min(5)
      .max(yearHours * minuteSeconds)
      .optional(),
    running_hours: z
      .number()
      .positive()
      .max(yearHours * 100)
      .optional(),
    unattended_hours: z.number().positive().max(yearHours).optional(),
    requests_per_minute: z.number().int().min(1).max(1_000_000),
  })
  .openapi("PlanChange", {
    description: "The whole plan: a limit that is left out (or null) is none",
    example: exampleLimits,
  });

function toChange(asked: z.output<typeof planChangeSchema>): PlanChange {
  return {
    maxEnvironments: asked.environments,
    maxCpuMillicores: asked.cpu,
    maxMemoryBytes: asked.memory,
    maxStorageBytes: asked.storage,
    idleSeconds: secondsOf(asked.idle_minutes, minuteSeconds),
    runningSecondsPerMonth: secondsOf(asked.running_hours, hourSeconds),
    unattendedSeconds: secondsOf(asked.unattended_hours, hourSeconds),
    requestsPerMinute: asked.requests_per_minute,
  };
}

function secondsOf(amount: number | undefined, unitSeconds: number): number | null {
  return amount === undefined ? null : Math.max(1, Math.round(amount * unitSeconds));
}

plans.openapi(
  createRoute({
    method: "put",
    path: "/plans/{id}",
    operationId: "replacePlan",
    tags: ["plans"],
    summary: "Change what a plan allows (administrators); it holds from everybody's next request on",
    middleware: [administrator, planVersion.write],
    request: { params: z.object({ id: z.string() }), body: body(planChangeSchema) },
    responses: {
      200: json(planSchema, "The plan as it is now"),
      ...problems({ 400: "A field is wrong", 403: "For administrators", 404: "No such plan" }),
    },
  }),
  async (c) => {
    const expected = planVersion.expected(c);
    const row = await changePlan(c.var.deps, c.var.principal, c.req.valid("param").id, {
      change: toChange(c.req.valid("json")),
      expected: expected && ((before) => expected(planBody(before))),
    });
    return c.json(planBody(row), 200);
  },
);

const ownLimitsSchema = z
  .object({
    plan: z.string(),
    allowed: planSchema.omit({ id: true, updated_at: true }).extend({ sockets: z.number().int() }),
    used: z.object({
      environments: z.number().int(),
      running_hours: z.number(),
      sockets: z.number().int().nullable().openapi({ description: "Open now; null = not known" }),
    }),
    resets_at: z.iso.datetime().openapi({ description: "When the running hours begin anew" }),
  })
  .openapi("Limits", {
    example: {
      plan: "free",
      allowed: { ...exampleLimits, sockets: 10 },
      used: { environments: 1, running_hours: 12.5, sockets: 1 },
      resets_at: "2026-02-01T00:00:00.000Z",
    },
  });

function ownLimitsBody({ use, sockets, maxSockets, resetsAt }: OwnLimits): z.infer<typeof ownLimitsSchema> {
  return {
    plan: use.plan,
    allowed: { ...limitsOf(use), sockets: maxSockets },
    used: { environments: use.environments, running_hours: hoursOf(use.runningSeconds), sockets },
    resets_at: resetsAt.toISOString(),
  };
}

plans.openapi(
  createRoute({
    method: "get",
    path: "/users/me/limits",
    operationId: "getOwnLimits",
    tags: ["users"],
    summary: "What your plan allows and how much of it you use; null = no limit",
    middleware: [allowed("account:read")],
    responses: { 200: json(ownLimitsSchema, "Allowed and used") },
  }),
  async (c) => c.json(ownLimitsBody(await readOwnLimits(c.var.deps, c.var.principal)), 200),
);
