/**
 * What tests of environments stand on: the real application over the real database, people who signed up, a template
 * and a cluster of the test's own, and a bridge that speaks the bridge's HTTP protocol.
 */
import { createExecutionContext, createScheduledController, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { app } from "../../../workers/app.ts";
import { readConfig } from "../../../workers/env.ts";
import worker from "../../../workers/index.ts";
import type { EnvironmentBody } from "../../../workers/routes/environments/shapes.ts";
import { connectDatabase } from "../../../workers/store/database.ts";
import { holdToDocument } from "../support/document.ts";
import { signedUpPerson } from "../support/people.ts";

export const db = connectDatabase(readConfig(env).database);

/** A word nobody else in this run uses. */
export const uniqueWord = () => crypto.randomUUID().replaceAll("-", "").slice(0, 16);

export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}
export interface Problem {
  code: string;
  detail: string;
  allowed?: string[];
  errors?: { field: string; code: string }[];
}

export interface Asked {
  token?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
}
export type Api = ReturnType<typeof newApi>;

/** The application with some variables or bindings of its own; waits that no bridge ends are short. */
export function newApi(
  overrides: Partial<
    Record<
      keyof Env | "PUBLIC_URL" | "EMAIL_VERIFICATION" | "LIMIT_PHASE_WAIT_MS" | "LIMIT_ENVIRONMENTS_PER_HOUR",
      unknown
    >
  > = {},
) {
  const limits = { LIMIT_PHASE_WAIT_MS: "20", LIMIT_ENVIRONMENTS_PER_HOUR: "1000" };
  const bindings = { ...env, ...limits, LOG_LEVEL: "error", ...overrides } as Env;
  return async function call<Body = EnvironmentBody>(
    method: string,
    path: string,
    { token, body, headers = {} }: Asked = {},
  ): Promise<Answer<Body>> {
    const context = createExecutionContext();
    const answer = await app.request(
      path,
      {
        method,
        headers: {
          "cf-connecting-ip": `2001:db8:${uniqueWord().slice(0, 4)}:${uniqueWord().slice(0, 4)}::1`,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      },
      bindings,
      context,
    );
    const text = await answer.text();
    await waitOnExecutionContext(context);
    const parsed: unknown = text === "" ? null : JSON.parse(text);
    holdToDocument(`${method} ${path}`, { status: answer.status, headers: answer.headers, body: parsed });
    return { status: answer.status, headers: answer.headers, body: parsed as Body };
  };
}
export const api = newApi();
/** Waits long enough for a bridge to do its part. */
export const patientApi = newApi({ LIMIT_PHASE_WAIT_MS: "10000" });

export const gibi = 2 ** 30;

export interface Person {
  id: string;
  token: string;
}

/** Somebody who signed up, verified, on a plan that allows this many environments of 2 cpu, 4Gi, 20Gi. */
export async function newPerson(maxEnvironments = 5): Promise<Person> {
  const { userId: id, accessToken: token } = await signedUpPerson(`p${uniqueWord()}`, "192.0.2.1");
  await setPlan(id, `test-${maxEnvironments}`, { maxEnvironments });
  return { id, token };
}

/** A plan a test makes up; what it does not name is 5 environments of 2 cpu, 4Gi, 20Gi without a limit of time. */
export interface MadeUpPlan {
  maxEnvironments?: number;
  cpu?: number;
  idleSeconds?: number;
  unattendedSeconds?: number;
  runningSeconds?: number;
}

/** Puts somebody on a plan, which is made unless it is there, and verifies them. */
export async function setPlan(userId: string, plan: string, of: MadeUpPlan = {}): Promise<void> {
  await db.execute(sql`insert into plans (id, max_environments, max_cpu_millicores, max_memory_bytes, max_storage_bytes,
    idle_seconds, unattended_seconds, running_seconds_per_month, requests_per_minute)
    values (${plan}, ${of.maxEnvironments ?? 5}, ${of.cpu ?? 2000}, ${4 * gibi}::bigint, ${20 * gibi}::bigint,
      ${of.idleSeconds ?? null}::int, ${of.unattendedSeconds ?? null}::int, ${of.runningSeconds ?? null}::int, 100000)
    on conflict do nothing`);
  await db.execute(sql`update users set plan_id = ${plan}, is_verified = true where id = ${userId}`);
}

/** A template of the test's own: port 8000, 500m, 1Gi, 10Gi, one variable, aliases `alias-<id>`. Answers its id. */
export async function newTemplate(status = "active"): Promise<string> {
  const id = `t${uniqueWord()}`;
  await db.execute(sql`insert into templates (id, display_name, description, category, tags, aliases, docker_image, default_port,
    cpu_millicores, memory_bytes, storage_bytes, environment_variables, startup_commands, status)
    values (${id}, ${`Shown ${id}`}, 'A template of a test', 'devops', array[${`tag-${id}`}], array[${`alias-${id}`}], 'node:22', 8000,
    500, ${gibi}::bigint, ${10 * gibi}::bigint, '{"FROM_TEMPLATE":"yes"}', '["node --version"]', ${status})`);
  return id;
}

export interface Cluster {
  id: string;
  token: string;
  tokenId: string;
}

/** A cluster open to everybody, with a bridge's token for it. */
export async function newCluster(options: { maxEnvironments?: number; isShared?: boolean } = {}): Promise<Cluster> {
  const id = `c${uniqueWord()}`;
  const token = `dp_bridge_${(uniqueWord() + uniqueWord() + uniqueWord()).slice(0, 43)}`;
  const tokenId = `tok${uniqueWord()}`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  await db.execute(sql`insert into clusters (id, name, is_shared, max_environments)
    values (${id}, ${id}, ${options.isShared ?? true}, ${options.maxEnvironments ?? 1000})`);
  await db.execute(sql`insert into bridge_tokens (id, cluster_id, token_hash) values (${tokenId}, ${id}, ${hash})`);
  return { id, token, tokenId };
}

/** Person, template and cluster with a bridge, and how to create an environment among them. */
export async function newWorld(maxEnvironments?: number) {
  const [person, template, cluster] = await Promise.all([newPerson(maxEnvironments), newTemplate(), newCluster()]);
  const create = <Body = EnvironmentBody>(more: object = {}, by: Api = api) =>
    by<Body>("POST", "/api/v1/environments", {
      token: person.token,
      body: { name: uniqueWord(), template, cluster_id: cluster.id, ...more },
    });
  const path = (id: string, rest = "") => `/api/v1/environments/${id}${rest}`;
  return { person, template, cluster, create, path };
}

/** Moves an environment's row to where a test begins. */
export async function setPhase(
  id: string,
  phase: string,
  desired: string,
  deadline: Date | null = null,
): Promise<void> {
  await db.execute(sql`update environments set phase = ${phase}, desired = ${desired},
    phase_deadline_at = ${deadline?.toISOString() ?? null}::timestamptz where id = ${id}`);
}

/** The work of every minute, as the platform's cron runs it. */
export async function runCron(): Promise<void> {
  const context = createExecutionContext();
  await worker.scheduled(createScheduledController(), { ...env, LOG_LEVEL: "error" } as Env, context);
  await waitOnExecutionContext(context);
}
