/**
 * `npm run db:seed`: migrates, then adds the development data: accounts, clusters, sample environments, the local
 * bridge's token. May run again; adds only what is missing. Refuses in production and among real accounts.
 */
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { describeDatabaseError, openDatabase, readDatabaseUrl } from "./connection.ts";
import { isSomebodyElses, replacePublicPasswords, seedUsers } from "./people.ts";
import { seedBridgeToken, seedClustersFor } from "./places.ts";
import { runMigrations } from "./run.ts";
import { seedEnvironments } from "./sample-environments.ts";

export interface SeedOptions {
  databaseUrl: string;
  /** ENVIRONMENT_KEYS; without it no sample environments are made, because their variables are sealed. */
  environmentKeys?: string | undefined;
  bridgeToken?: string | undefined;
  /** Replace the accounts' public passwords; the result names the new ones. */
  withRandomPasswords: boolean;
}

export interface Seeded {
  /** False: the database holds accounts that no seed made, and got no accounts of ours. */
  hasPeople: boolean;
  passwords: { email: string; password: string }[];
}

export async function seed(options: SeedOptions): Promise<Seeded> {
  await runMigrations(options.databaseUrl);
  const client = await openDatabase(options.databaseUrl);
  try {
    return await seedRows(drizzle(client), options);
  } finally {
    await client.end();
  }
}

async function seedRows(db: NodePgDatabase, options: SeedOptions): Promise<Seeded> {
  const hasPeople = !(await isSomebodyElses(db));
  const ids = hasPeople ? await seedUsers(db) : new Map<string, string>();
  await seedClustersFor(db, [...ids.values()]);
  if (options.bridgeToken) await seedBridgeToken(db, options.bridgeToken);
  if (options.environmentKeys) await seedEnvironments(db, ids, options.environmentKeys);
  return { hasPeople, passwords: options.withRandomPasswords ? await replacePublicPasswords(db) : [] };
}

/** Known passwords belong on no server that others use: wants to be told that this is not one. */
export function refuseInProduction(environment: NodeJS.ProcessEnv): void {
  const { ENVIRONMENT: name = "production", NODE_ENV: mode } = environment;
  if (["development", "test"].includes(name) && mode !== "production") return;
  throw new Error("refuses in production: set ENVIRONMENT=development if this is a development database");
}

if (import.meta.main) {
  try {
    refuseInProduction(process.env);
    const { hasPeople, passwords } = await seed({
      databaseUrl: readDatabaseUrl(process.env),
      environmentKeys: process.env["ENVIRONMENT_KEYS"],
      bridgeToken: process.env["BRIDGE_TOKEN"],
      withRandomPasswords: process.argv.includes("--random-passwords"),
    });
    for (const { email, password } of passwords) console.log(`seed: password of ${email}: ${password}`);
    console.log(hasPeople ? "seed: done" : "seed: this database has accounts of its own; none were added");
  } catch (error) {
    console.error(`seed failed: ${describeDatabaseError(error)}`);
    process.exitCode = 1;
  }
}
