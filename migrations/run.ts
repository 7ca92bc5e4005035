/**
 * `npm run db:migrate`: applies the migrations of this folder that DATABASE_URL's database does not have yet, in
 * order, and the rows every database needs. May run many times and in several places at once.
 */
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import { describeDatabaseError, openDatabase, readDatabaseUrl } from "./connection.ts";
import { addReferenceRows } from "./reference.ts";

/** Any number, the same for everybody who migrates this product. */
const lockNumber = 7_305_921;
const folder = fileURLToPath(new URL(".", import.meta.url));

/** All or nothing; a second caller waits for the first and then finds nothing to do. */
export async function runMigrations(databaseUrl: string, migrationsFolder = folder): Promise<void> {
  const client = await openDatabase(databaseUrl);
  try {
    await client.query("select pg_advisory_lock($1)", [lockNumber]);
    await migrate(drizzle(client), { migrationsFolder });
    if (migrationsFolder === folder) await addReferenceRows(drizzle(client));
  } finally {
    // Ending the session gives the lock back.
    await client.end();
  }
}

if (import.meta.main) {
  try {
    await runMigrations(readDatabaseUrl(process.env));
    console.log("migrations: the database is up to date");
  } catch (error) {
    console.error(`migrations failed: ${describeDatabaseError(error)}`);
    process.exitCode = 1;
  }
}
