/**
 * A database of a size at which a missing index shows: 100,000 people, sessions and environments, and enough of what
 * hangs on them. Person 1 owns 5,000 environments, the first with a day of samples; a cluster holds a hundredth of all.
 */
import pg from "pg";
import { inject } from "vitest";
import { startNeonProxy } from "../../bridge/dev/neon-proxy.ts";
import { runMigrations } from "../../migrations/run.ts";
import { connectDatabase, type Database } from "../../workers/store/database.ts";

const people = 100_000;
const others = 20_000;
const clusterCount = 100;

/** Tables that grow with the number of people; no hot query may read one of them whole. */
export const largeTables = [
  "users",
  "sessions",
  "login_attempts",
  "identities",
  "mail_secrets",
  "known_devices",
  "personal_tokens",
  "environments",
  "environment_samples",
  "usage_months",
  "audit_events",
  "audit_denials",
  "idempotent_requests",
  "shares",
  "share_guests",
  "untold_guests",
];

export interface LargeDatabase {
  /** As the Worker has it, over the local proxy. */
  db: Database;
  /** A plain connection. */
  client: pg.Client;
  close(): Promise<void>;
}

/** The id of the n-th row of a kind. */
export function idOf(prefix: string, number: number): string {
  return `${prefix}_${String(number).padStart(20, "0")}`;
}

/** Makes, fills and analyses a database of its own; `close` drops it. */
export async function openLargeDatabase(): Promise<LargeDatabase> {
  const adminUrl = inject("variables").DATABASE_URL;
  const name = `large_${process.pid}`;
  const url = adminUrl.replace(/\/postgres$/, `/${name}`);
  await runOnce(adminUrl, `create database ${name}`);
  await runMigrations(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  // Foreign keys hold by construction; checking each costs more than the rows.
  await client.query("set session_replication_role = replica");
  for (const statement of fillings) await client.query(statement);
  await client.query("analyze");
  const proxy = await startNeonProxy({ databaseUrl: url, port: 0 });
  const fetchEndpoint = `http://127.0.0.1:${proxy.port}/sql`;
  return {
    db: connectDatabase({ url, fetchEndpoint, wsProxy: null, timeoutMs: 10_000 }),
    client,
    close: async () => {
      await proxy.close();
      await client.end();
      await runOnce(adminUrl, `drop database ${name} with (force)`);
    },
  };
}

async function runOnce(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

const id = (prefix: string, number = "n") => `'${prefix}_' || lpad((${number})::text, 20, '0')`;
const hash = (word: string) => `encode(sha256(('${word}' || n)::bytea), 'hex')`;
const each = `from generate_series(1, ${people}) n`;
const some = `from generate_series(1, ${others}) n`;
const ago = "now() - n * interval '5 minutes'";

const fillings = [
  `insert into users (id, username, email, is_verified, created_at) select ${id("usr")}, 'person' || n,
    'person' || n || '@example.com', true, ${ago} ${each}`,
  `insert into sessions (id, user_id, refresh_jti_hash, refresh_issued_at, refresh_expires_at, absolute_expires_at,
    created_at, ended_at) select ${id("ses")}, ${id("usr")}, ${hash("jti")}, ${ago}, ${ago} + interval '7 days',
    ${ago} + interval '90 days', ${ago}, case when n % 3 = 0 then ${ago} + interval '1 day' end ${each}`,
  `insert into login_attempts (subject, failures, updated_at) select ${id("usr")}, 1, ${ago} ${some}`,
  `insert into identities (issuer, subject, user_id) select 'https://accounts.google.com', n::text, ${id("usr")} ${some}`,
  `insert into mail_secrets (id, user_id, purpose, token_hash, expires_at, created_at)
    select ${id("mls")}, ${id("usr")}, 'verify_email', ${hash("mail")}, ${ago} + interval '1 day', ${ago} ${some}`,
  `insert into known_devices (user_id, device_hash, signed_in_at) select ${id("usr")}, ${hash("device")}, ${ago} ${some}`,
  `insert into personal_tokens (id, user_id, name, token_hash, scopes)
    select ${id("pat")}, ${id("usr")}, 'token', ${hash("token")}, '{terminal}' ${some}`,
  `insert into clusters (id, name, max_environments) select 'cluster-' || n, 'cluster-' || n, 100000
    from generate_series(1, ${clusterCount}) n`,
  `insert into bridge_tokens (id, cluster_id, token_hash) select ${id("brt")}, 'cluster-' || n, ${hash("bridge")}
    from generate_series(1, ${clusterCount}) n`,
  `insert into environments (id, user_id, cluster_id, template_id, name, docker_image, cpu_millicores, memory_bytes,
    storage_bytes, sealed_variables, desired, phase, phase_since, phase_deadline_at, metered_at, created_at, deleted_at)
    select ${id("env")}, ${id("usr", "case when n <= 5000 then 1 else n end")}, 'cluster-' || (n % ${clusterCount} + 1),
    'ubuntu', 'environment ' || n, 'ubuntu:24.04', 500, 1073741824, 10737418240, 'k.iv.sealed',
    case when n % 10 = 0 then 'deleted' else 'running' end, case when n % 10 = 0 then 'terminated' else 'running' end,
    ${ago}, case when n % 500 = 1 then ${ago} end, case when n % 10 <> 0 then now() end, ${ago},
    case when n % 10 = 0 then ${ago} end ${each}`,
  `insert into environment_samples (environment_id, taken_at, cpu_usage) select ${id("env")}, now(), 1 ${each}`,
  `insert into environment_samples (environment_id, taken_at, cpu_usage)
    select ${id("env", "1")}, now() - n * interval '1 minute', 1 from generate_series(1, 1500) n`,
  `insert into usage_months (user_id, month, running_seconds) select ${id("usr")}, '2026-11-01', n ${some}`,
  `insert into audit_events (at, actor_id, actor_kind, action, target_kind, target_id, outcome, request_id)
    select ${ago}, ${id("usr")}, 'user', (array['session.create', 'environment.start', 'password.change'])[n % 3 + 1],
    'user', ${id("usr")}, 'ok', n::text ${some}`,
  `insert into audit_denials (minute, actor, route, code, count, last_request_id)
    select date_trunc('minute', ${ago}), ${id("usr")}, 'GET /api/v1/auth/me', 'token_expired', 1, n::text ${some}`,
  `insert into idempotent_requests (actor, key_hash, body_hash, status, created_at)
    select ${id("usr")}, ${hash("key")}, ${hash("body")}, 201, ${ago} ${some}`,
  `insert into shares (id, environment_id, created_by, kind, role, grantee_id, secret_hash, created_at, expires_at, closed_at)
    select ${id("shr")}, ${id("env", "n % 5000 + 1")}, ${id("usr", "n")}, case when n % 2 = 0 then 'link' else 'user' end,
    'viewer', case when n % 2 = 1 then ${id("usr", "n + 1")} end, ${hash("share")}, ${ago}, ${ago} + interval '30 days',
    case when ${ago} + interval '30 days' < now() - interval '1 hour' then ${ago} + interval '30 days' end ${some}`,
  `insert into share_guests (share_id, user_id, accepted_at) select ${id("shr")}, ${id("usr", "n + 1")}, ${ago} ${some}`,
  `insert into untold_guests (environment_id, user_id, since) select ${id("env")}, ${id("usr", "n + 1")}, ${ago} ${some}`,
];
