/**
 * A production server on this machine: Worker and objects as wrangler builds and binds them, configured as in production without one
 * variable of development. What it asks of Neon and Upstash leaves it over https to their real names; the network
 * between (the harness sends it through this process's fetch) leads to our stand-ins. Anything else it asks for is an
 * error that is kept.
 */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { createTestHarness } from "wrangler";
import { startNeonStandIn, startUpstashStandIn } from "../../../bridge/dev/stand-ins.ts";

type Variables = Record<string, string>;

export interface Production {
  url: string;
  /** Hosts that were asked for and are none of ours. */
  strangers: string[];
  /** Serves again with some variables changed. */
  reconfigure(changes: Variables): Promise<void>;
  close(): Promise<void>;
}

/** The names under which a production Worker knows its services. */
const databaseHost = "ep-quiet-sea-a1b2c3.eu-central-1.aws.neon.tech";
const neonApiHost = "api.eu-central-1.aws.neon.tech";
const redisHost = "quiet-sea-12345.upstash.io";

/** Serves the repository at `root` with these keys on the database of `databaseUrl`, an ordinary Postgres. */
export async function serveProduction(root: string, databaseUrl: string, keys: Variables): Promise<Production> {
  const [neon, upstash] = await Promise.all([startNeonStandIn(databaseUrl), startUpstashStandIn()]);
  const network = redirectFetch({
    [neonApiHost]: new URL(neon.variables["NEON_FETCH_ENDPOINT"] ?? "").origin,
    [redisHost]: upstash.variables["UPSTASH_REDIS_REST_URL"] ?? "",
  });
  const variables: Variables = {
    ENVIRONMENT: "production",
    DATABASE_URL: `postgresql://owner:${randomBytes(12).toString("hex")}@${databaseHost}/devpocket?sslmode=require`,
    UPSTASH_REDIS_REST_URL: `https://${redisHost}`,
    UPSTASH_REDIS_REST_TOKEN: upstash.variables["UPSTASH_REDIS_REST_TOKEN"] ?? "",
    LOG_LEVEL: "error",
    ...keys,
  };
  const options = (changes: Variables = {}) => ({
    root,
    workers: [
      { configPath: "wrangler.toml", vars: { ...variables, ...changes } },
      { configPath: "durable-objects/wrangler.toml", vars: { LOG_LEVEL: "error" } },
    ],
  });
  const harness = createTestHarness(options());
  const production: Production = {
    url: (await harness.listen()).url.origin,
    strangers: network.strangers,
    reconfigure: async (changes) => {
      await harness.update(options(changes));
      production.url = (await harness.listen()).url.origin;
    },
    close: async () => {
      await harness.close();
      network.restore();
      await Promise.all([neon.close(), upstash.close()]);
    },
  };
  return production;
}

/** Lets requests to some hosts go to others instead, and refuses those that would leave the machine. */
function redirectFetch(origins: Record<string, string>) {
  const real = globalThis.fetch;
  const strangers: string[] = [];
  globalThis.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    const origin = origins[url.host];
    if (origin !== undefined) return real(new URL(url.pathname + url.search, origin), init);
    if (["127.0.0.1", "localhost"].includes(url.hostname)) return real(input, init);
    strangers.push(url.host);
    return Promise.reject(new TypeError(`${url.host} is not on this network`));
  };
  return {
    strangers,
    restore: () => {
      globalThis.fetch = real;
    },
  };
}

/** A database of its own on the server of `url`, and how to ask it. */
export async function emptyDatabase(url: string, name: string) {
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  await owner.query(`create database ${name}`);
  const own = url.replace(/\/postgres$/, `/${name}`);
  return {
    url: own,
    ask: async <Row>(query: string): Promise<Row[]> => {
      const client = new pg.Client({ connectionString: own });
      await client.connect();
      return client
        .query(query)
        .then(({ rows }) => rows as Row[])
        .finally(() => client.end());
    },
    drop: async () => {
      await owner.query(`drop database ${name} with (force)`);
      await owner.end();
    },
  };
}
