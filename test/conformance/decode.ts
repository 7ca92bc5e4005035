/**
 * How the published mobile app decodes what we answer: required keys that are never null, closed enums (one foreign
 * value throws away the whole answer), maps that hold strings only, a refresh token that is a JWT. Keys it does not
 * know are ignored. Everything here was read from the app's own models.
 */
import { z } from "zod";

const time = z.iso.datetime();
const text = z.string();
const stringMap = z.record(z.string(), z.string());

/** What the app reads of a token before it trusts it: three parts, and an `exp` in seconds. */
const jwt = z.string().refine((token) => typeof claimsOf(token)["exp"] === "number", "must be a JWT with exp");

/** The claims of a JWT; the app checks no signature. */
export function claimsOf(token: string): Record<string, unknown> {
  const parts = token.split(".");
  if (parts.length !== 3) return {};
  return JSON.parse(Buffer.from(parts[1] ?? "", "base64url").toString()) as Record<string, unknown>;
}

export const user = z.object({
  id: text,
  username: text,
  email: text,
  full_name: text.nullish(),
  is_active: z.boolean(),
  is_verified: z.boolean(),
  avatar_url: text.nullish(),
  role: z.enum(["user", "admin"]),
  subscription_plan: z.enum(["free", "starter", "pro", "enterprise"]),
  created_at: time,
  last_login: time.nullish(),
});

export const tokens = z.object({
  access_token: jwt,
  refresh_token: jwt,
  token_type: z.literal("bearer"),
  expires_in: z.number().int().positive(),
});

export const signedIn = tokens.extend({ user });
export const registered = user.extend({ ...signedIn.shape, message: text });
export const message = z.object({ message: text });

const sizes = z.object({ cpu: text, memory: text, storage: text });

export const environment = z.object({
  id: text,
  name: text,
  description: text.nullish(),
  template_id: text,
  template_name: text.nullish(),
  cluster_id: text.nullish(),
  status: z.enum(["creating", "running", "stopped", "terminated", "error"]),
  phase: text.nullish(),
  status_message: text.nullish(),
  docker_image: text.nullish(),
  port: z.number().int().nullish(),
  web_port: z.number().int().nullish(),
  resource_limits: sizes,
  resources: sizes.nullish(),
  environment_variables: stringMap,
  installation_completed: z.boolean().nullish(),
  external_url: text.nullish(),
  created_at: time,
  updated_at: time,
  last_activity: time.nullish(),
  last_accessed: time.nullish(),
  cpu_usage: z.number().nullish(),
  memory_usage: z.number().nullish(),
  storage_usage: z.number().nullish(),
});

export const template = z.object({
  id: text,
  name: text,
  display_name: text,
  description: text,
  category: z.enum(["programming_language", "framework", "database", "devops", "operating_system"]),
  tags: z.array(text),
  docker_image: text,
  image: text,
  default_port: z.number().int().nullish(),
  default_resources: sizes,
  environment_variables: stringMap,
  startup_commands: z.array(text),
  documentation_url: text.nullish(),
  icon_url: text.nullish(),
  status: z.enum(["active", "deprecated", "beta"]),
  version: text,
  usage_count: z.number().int(),
  created_at: time,
  updated_at: time,
});

const amounts = z.object({ cpu: z.number(), memory: z.number(), storage: z.number() });

export const cluster = z.object({
  id: text,
  name: text,
  description: text.nullish(),
  provider: text,
  region: text,
  status: z.enum(["active", "inactive", "maintenance"]),
  active: z.boolean(),
  node_count: z.number().int(),
  max_environments: z.number().int(),
  current_environments: z.number().int(),
  available_resources: amounts,
  used_resources: amounts,
  health_status: text,
  created_at: time,
  updated_at: time,
});

export const clusterHealth = z.object({ status: text, message: text, last_checked: time });

const pagination = z.object({
  total: z.number().int(),
  limit: z.number().int(),
  offset: z.number().int(),
  has_more: z.boolean(),
});
export const environments = z.object({ environments: z.array(environment), pagination });
export const templates = z.object({ templates: z.array(template), pagination });
export const clusters = z.object({ clusters: z.array(cluster), pagination });

export const movement = z.object({ message: text, status: environment.shape.status });

const percent = z.number().nullable();
export const metrics = z.object({
  cpu_usage: percent,
  memory_usage: percent,
  storage_usage: percent,
  disk_usage: percent,
  network_in: z.number().nullable(),
  network_out: z.number().nullable(),
  uptime: z.number().nullable(),
  timestamp: time,
  current: z.looseObject({}),
  historical: z.array(z.looseObject({})),
  resources: z.object({ limits: sizes }),
});

export const logs = z.object({
  logs: z.array(text),
  total: z.number().int(),
  has_more: z.boolean(),
  entries: z.array(z.object({ timestamp: text, level: text, message: text, source: text })),
});

export const stats = z.object({
  total_environments: z.number().int(),
  environments_by_status: z.record(z.string(), z.number().int()),
  active_sessions: z.number().int(),
  recent_activity: z.array(z.looseObject({})),
});

/** RFC 9457 with the members older clients read; `code` is a string, `detail` is shown to people. */
export const problem = z.object({
  type: text,
  title: text,
  status: z.number().int(),
  instance: text,
  detail: text,
  error: text,
  message: text,
  code: text,
  errors: z.array(z.object({ field: text, message: text, code: text })).optional(),
  timestamp: time,
  path: text,
  request_id: text.regex(/^[a-z0-9]+$/),
});

export const health = z.object({
  status: z.literal("healthy"),
  service: z.literal("DevPocket API"),
  version: text,
  environment: text,
  timestamp: z.number().int(),
});
export const ready = z.object({ status: z.literal("ready"), checks: z.record(z.string(), text) });
export const info = z.object({
  name: text,
  version: text,
  environment: text,
  features: z.object({
    authentication: z.boolean(),
    google_oauth: z.boolean(),
    websockets: z.boolean(),
    rate_limiting: z.boolean(),
    metrics: z.boolean(),
  }),
  limits: z.record(z.string(), z.number()),
});
