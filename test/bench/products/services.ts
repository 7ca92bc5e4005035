/** The stand-ins the tests use (Postgres, Neon's proxy, Upstash), forked, opened up for a load, with a bridge's token. */
import { fork } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { openDatabase } from "../../../migrations/connection.ts";
import type { TestServices } from "../../support/variables.ts";

export interface Services {
  /** The Worker's variables, limits raised beyond what the benchmark can reach. */
  variables: Record<string, string>;
  /** Accepted for the cluster `default`. */
  bridgeToken: string;
  close(): Promise<void>;
}

const raised = "1000000000";
/** No limit decides a figure. Lines below `error` would be work of the terminal. */
export const openLimits = {
  LIMIT_ADDRESS_REQUESTS_PER_MINUTE: raised,
  LIMIT_CREDENTIAL_ATTEMPTS_PER_ADDRESS_PER_MINUTE: raised,
  LIMIT_CREDENTIAL_FAILURES_PER_MINUTE: raised,
  LIMIT_LOCK_FAILURES: raised,
  LIMIT_DATABASE_TIMEOUT_MS: "60000",
  LIMIT_REDIS_TIMEOUT_MS: "60000",
  LIMIT_SOCKETS_PER_USER: "1000",
  LIMIT_ENVIRONMENTS_PER_HOUR: "1000",
  LOG_LEVEL: "error",
};

export async function startServices(): Promise<Services> {
  const child = fork(fileURLToPath(new URL("../../support/services.ts", import.meta.url)), { execArgv: [] });
  const [{ variables }] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`the services ended with ${code}`))),
  ])) as [TestServices];
  const bridgeToken = `dp_bridge_${randomBytes(32).toString("base64url")}`;
  await prepareDatabase(variables.DATABASE_URL, bridgeToken);
  return {
    variables: { ...variables, ...openLimits },
    bridgeToken,
    close: async () => {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}

/** What an admin would do: lets a bridge in, and lifts the plans' request limits, which are rows and not variables. */
async function prepareDatabase(databaseUrl: string, bridgeToken: string): Promise<void> {
  const database = await openDatabase(databaseUrl);
  try {
    const hash = createHash("sha256").update(bridgeToken).digest("hex");
    await database.query("insert into clusters (id, name, is_default) values ('default', 'default', true)");
    await database.query("insert into bridge_tokens (id, cluster_id, token_hash) values ('bench', 'default', $1)", [
      hash,
    ]);
    await database.query("update plans set requests_per_minute = $1, max_environments = 100", [raised]);
  } finally {
    await database.end();
  }
}
