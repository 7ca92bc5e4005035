/** The shapes of an environment on the wire, in and out. */
import { z } from "@hono/zod-openapi";
import { reasons } from "../../../durable-objects/protocol/reasons.ts";
import {
  hasShell,
  mainWindow,
  phaseSchema,
  roles,
  statusOf,
  statusSchema,
  terminalId,
} from "../../../durable-objects/protocol/vocabulary.ts";
import { variableErrors } from "../../domain/environments/settings.ts";
import type { EnvironmentInFull, EnvironmentInList, View } from "../../domain/environments/view.ts";
import { isObject } from "../../http/router.ts";
import type { AskedResources } from "../../rules/plans.ts";
import { bytesSchema, cpuSchema, formatResources } from "../../rules/quantities.ts";
import { printable } from "../../rules/texts.ts";
import { templateBody, templateExample, templateSchema } from "../templates/shape.ts";

const resourcesExample = { cpu: "500m", memory: "1Gi", storage: "10Gi" };
const environmentExample = {
  id: "env_k3v9q0z7w1m5x8r2t6y4",
  name: "my-app",
  role: "owner",
  description: null,
  template_id: "python",
  template_name: "Python",
  cluster_id: "default",
  status: "running",
  phase: "running",
  status_message: null,
  phase_reason: null,
  docker_image: "python:3.12",
  port: 8000,
  web_port: 8000,
  resource_limits: resourcesExample,
  resources: resourcesExample,
  environment_variables: { DEBUG: "1" },
  installation_completed: true,
  pending_restart: false,
  external_url: null,
  created_at: "2026-10-20T12:00:00.000Z",
  updated_at: "2026-10-20T12:00:00.000Z",
  last_activity: "2026-10-20T12:05:00.000Z",
  last_accessed: null,
  auto_stop_at: null,
  cpu_usage: 3.5,
  memory_usage: 21,
  storage_usage: 4,
};

export const writtenResourcesSchema = z
  .object({ cpu: z.string(), memory: z.string(), storage: z.string() })
  .openapi("Resources", { example: resourcesExample });

export const environmentSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z
      .enum(roles)
      .optional()
      .openapi({ description: "What you are here, but for scope=all. Guests see no variables, description and URL" }),
    description: z.string().nullable(),
    template_id: z.string(),
    template_name: z.string(),
    cluster_id: z.string(),
    status: statusSchema,
    phase: phaseSchema,
    status_message: z.string().nullable(),
    phase_reason: z
      .string()
      .nullable()
      .openapi({
        description: `Why, for programs. Known: ${reasons.join(", ")}. Others may come; \`status_message\` says it to people`,
      }),
    docker_image: z.string(),
    port: z.number().int().nullable(),
    web_port: z.number().int().nullable(),
    resource_limits: writtenResourcesSchema,
    resources: writtenResourcesSchema,
    environment_variables: z.record(z.string(), z.string()),
    installation_completed: z.boolean(),
    pending_restart: z.boolean().openapi({
      description: "Sizes or variables were changed that only the next start takes up: a restart applies them",
    }),
    external_url: z.string().nullable(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    last_activity: z.iso.datetime().nullable(),
    last_accessed: z.iso.datetime().nullable(),
    auto_stop_at: z.iso
      .datetime()
      .nullable()
      .openapi({ description: "When it stops by itself unless it is attended to or extended; set 5 minutes before" }),
    cpu_usage: z.number().nullable(),
    memory_usage: z.number().nullable(),
    storage_usage: z.number().nullable(),
    owner: z
      .object({ id: z.string(), username: z.string() })
      .optional()
      .openapi({ description: "With scope=all, which shows no environment variables, and to guests" }),
  })
  .openapi("Environment", { example: environmentExample });
export type EnvironmentBody = z.infer<typeof environmentSchema>;

export const environmentInFullSchema = z
  .object({
    ...environmentSchema.shape,
    template: templateSchema,
    cluster: z.object({ id: z.string(), name: z.string(), region: z.string(), status: z.string() }),
    terminals: z.array(z.object({ id: z.string(), window: z.string(), path: z.string() })),
  })
  .openapi("EnvironmentInFull", {
    example: {
      ...environmentExample,
      template: templateExample,
      cluster: { id: "default", name: "default", region: "eu-central", status: "active" },
      terminals: [
        {
          id: terminalId(environmentExample.id, mainWindow),
          window: mainWindow,
          path: `/api/v1/ws/terminal/${environmentExample.id}`,
        },
      ],
    },
  });

/** An environment as lists and answers show it. Usage is told only of what runs: an old reading would be untrue. */
export function environmentBody({ row, variables, guest }: View): EnvironmentBody {
  const resources = formatResources({
    cpu_millicores: row.cpuMillicores,
    memory_bytes: row.memoryBytes,
    storage_bytes: row.storageBytes,
  });
  const isRunning = hasShell(row.phase);
  return {
    id: row.id,
    name: row.name,
    role: guest?.role ?? "owner",
    description: row.description,
    template_id: row.templateId,
    template_name: row.templateName,
    cluster_id: row.clusterId,
    status: statusOf(row.phase),
    phase: row.phase,
    status_message: row.statusMessage,
    phase_reason: row.phaseReason,
    docker_image: row.dockerImage,
    port: row.port,
    web_port: row.webPort,
    resource_limits: resources,
    resources,
    environment_variables: variables,
    installation_completed: row.installationCompleted,
    pending_restart: row.pendingRestart,
    external_url: row.externalUrl,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    last_activity: row.lastActivityAt?.toISOString() ?? null,
    last_accessed: row.lastAccessedAt?.toISOString() ?? null,
    auto_stop_at: isRunning ? (row.autoStopAt?.toISOString() ?? null) : null,
    cpu_usage: isRunning ? row.cpuUsage : null,
    memory_usage: isRunning ? row.memoryUsage : null,
    storage_usage: row.storageUsage,
    ...(guest === undefined ? {} : { owner: guest.owner }),
  };
}

/** An environment with its template, its cluster and where its terminals are. */
export function environmentInFullBody(view: View<EnvironmentInFull>): z.infer<typeof environmentInFullSchema> {
  const { cluster, template, id } = view.row;
  return {
    ...environmentBody(view as View<EnvironmentInList>),
    template: templateBody(template),
    cluster: { id: cluster.id, name: cluster.name, region: cluster.region, status: cluster.status },
    terminals: [{ id: terminalId(id, mainWindow), window: mainWindow, path: `/api/v1/ws/terminal/${id}` }],
  };
}

/** Spaces inside are fine. */
export const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(50)
  .regex(printable, "must be printable")
  .openapi({ pattern: printable.source });
export const descriptionSchema = z.string().max(500);

/** null = absent, for each size too. */
export const askedResourcesSchema = z
  .object({ cpu: cpuSchema.nullish(), memory: bytesSchema.nullish(), storage: bytesSchema.nullish() })
  .openapi({ example: resourcesExample });

/** The asked sizes in our units. */
export function askedResources(asked: z.output<typeof askedResourcesSchema> | undefined): AskedResources {
  return {
    cpu_millicores: asked?.cpu ?? undefined,
    memory_bytes: asked?.memory ?? undefined,
    storage_bytes: asked?.storage ?? undefined,
  };
}

/** null removes a variable. Each bad name and value is an error of its own, also beside values that are no text. */
export const askedVariablesSchema = z.record(z.string(), z.string().nullable()).superRefine(
  (variables, context) => {
    const texts = Object.entries(variables).filter((entry): entry is [string, string] => typeof entry[1] === "string");
    for (const { name, message, code } of variableErrors(Object.fromEntries(texts)))
      context.addIssue({ code: "custom", path: name === "" ? [] : [name], message, params: { code } });
  },
  { when: isObject },
);
/** Any text: one that is no id is an unknown id. */
export const idParameter = z.object({ id: z.string() });
