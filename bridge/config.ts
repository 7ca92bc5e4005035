/** The only reader of the bridge's variables. A bad or missing one ends in one clear line that names it. */
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { z } from "zod";
import { logLevels } from "../durable-objects/protocol/log-line.ts";
import { type KubernetesConfig, kubernetesConfig, kubernetesVariables } from "./kubernetes-variables.ts";

const variables = z.object({
  DEVPOCKET_URL: z.url({ protocol: /^https?$/, error: "is not an http(s) URL" }).default("http://localhost:8000"),
  BRIDGE_TOKEN: z
    .string({ error: "is missing (npm run keys makes one)" })
    .regex(/^dp_bridge_[A-Za-z0-9_-]{43}$/, "is not a bridge token (dp_bridge_ and 43 characters)"),
  BRIDGE_RUNTIME: z.enum(["local", "kubernetes"], { error: "is neither local nor kubernetes" }).default("local"),
  DEVPOCKET_DATA_DIR: z.string().default(".devpocket"),
  BRIDGE_INSTANCE: z.string().max(128, "has more than 128 characters").optional(),
  ...kubernetesVariables,
  BRIDGE_HEALTH_PORT: z.coerce.number({ error: "is not a port" }).int().min(1).max(65_535).optional(),
  BRIDGE_HEALTH_ADDRESS: z.string().default("127.0.0.1"),
  BRIDGE_METRICS_PORT: z.coerce.number({ error: "is not a port" }).int().min(1).max(65_535).optional(),
  BRIDGE_METRICS_ADDRESS: z.string().default("127.0.0.1"),
  ENVIRONMENT: z
    .enum(["development", "test", "production"], { error: "is neither development, test nor production" })
    .default("production"),
  LOG_LEVEL: z.enum(logLevels, { error: `is none of ${logLevels.join(", ")}` }).default("info"),
  LOG_FORMAT: z.enum(["json", "pretty"], { error: "is neither json nor pretty" }).default("json"),
  PATH: z.string().default("/usr/local/bin:/usr/bin:/bin"),
});

export interface BridgeConfig {
  edgeUrl: string;
  token: string;
  runtime: "local" | "kubernetes";
  dataDir: string;
  /** The place this process runs in, of which there is one process at a time, e.g. its pod: then one that follows a crash
   * is known to be the only one at once. */
  instance: string | undefined;
  /** What BRIDGE_RUNTIME=kubernetes works with. */
  kubernetes: KubernetesConfig;
  /** Null: no health endpoint. */
  health: { port: number; address: string } | null;
  /** Null: no metrics endpoint. */
  metrics: { port: number; address: string } | null;
  isProduction: boolean;
  logLevel: (typeof logLevels)[number];
  logFormat: "json" | "pretty";
  /** The machine's PATH without what npm put in front of it for us. */
  machinePath: string;
}

/** Names a variable and what is wrong with it; never holds its value. */
export class BadConfig extends Error {}

/** The configuration, from the process and, where that says nothing, from `.dev.vars`. Throws BadConfig. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env, file = ".dev.vars"): BridgeConfig {
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {};
  const given = Object.entries({ ...fromFile, ...environment }).filter(([, value]) => value !== "");
  const parsed = variables.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new BadConfig(`${issue?.path.join(".")} ${issue?.message}`);
  }
  const values = parsed.data;
  return {
    edgeUrl: values.DEVPOCKET_URL,
    token: values.BRIDGE_TOKEN,
    runtime: values.BRIDGE_RUNTIME,
    dataDir: values.DEVPOCKET_DATA_DIR,
    instance: values.BRIDGE_INSTANCE,
    kubernetes: kubernetesConfig(values),
    health: endpoint(values.BRIDGE_HEALTH_PORT, values.BRIDGE_HEALTH_ADDRESS),
    metrics: endpoint(values.BRIDGE_METRICS_PORT, values.BRIDGE_METRICS_ADDRESS),
    isProduction: values.ENVIRONMENT === "production",
    logLevel: values.LOG_LEVEL,
    logFormat: values.LOG_FORMAT,
    machinePath: values.PATH.split(":")
      .filter((directory) => !directory.includes("/node_modules/"))
      .join(":"),
  };
}

function endpoint(port: number | undefined, address: string): { port: number; address: string } | null {
  return port === undefined ? null : { port, address };
}
