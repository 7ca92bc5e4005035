/** `npm run db:reset`: throws away everything in a development database and begins again with the seeds. */
import { describeDatabaseError, openDatabase, readDatabaseUrl } from "./connection.ts";
import { refuseInProduction, seed } from "./seed.ts";

/** A database somewhere else may be everybody's: it is only emptied when the person says its name. */
function refuseUnlessMeant(databaseUrl: string, args: string[]): void {
  const { hostname, pathname } = new URL(databaseUrl);
  const isLocal = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  if (isLocal || args.includes(`--database=${pathname.slice(1)}`)) return;
  throw new Error(
    `${hostname} is another machine: to empty it say npm run db:reset -- --database=${pathname.slice(1)}`,
  );
}

try {
  refuseInProduction(process.env);
  const databaseUrl = readDatabaseUrl(process.env);
  refuseUnlessMeant(databaseUrl, process.argv);
  const client = await openDatabase(databaseUrl);
  try {
    await client.query(
      "drop schema if exists public cascade; drop schema if exists drizzle cascade; create schema public",
    );
  } finally {
    await client.end();
  }
  await seed({
    databaseUrl,
    environmentKeys: process.env["ENVIRONMENT_KEYS"],
    bridgeToken: process.env["BRIDGE_TOKEN"],
    withRandomPasswords: false,
  });
  console.log("reset: the database is new and seeded; running environments of the old one end with the next start");
} catch (error) {
  console.error(`reset failed: ${describeDatabaseError(error)}`);
  process.exitCode = 1;
}
