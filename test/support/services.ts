/**
 * A process of its own that the test run forks: a Postgres, Neon's proxy, Upstash and an OpenID provider made for this
 * run only, migrated and with the reference data; the page, built; and the product that files share. Tells its parent
 * how they are reached (TestServices), and ends with it.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newEnvironmentKeys, newJwtKeys } from "../../bridge/dev/keys.ts";
import { buildPage } from "../../bridge/dev/page.ts";
import { startPostgres } from "../../bridge/dev/postgres/launch.ts";
import { startNeonStandIn, startUpstashStandIn } from "../../bridge/dev/stand-ins.ts";
import { runMigrations } from "../../migrations/run.ts";
import { startIssuer } from "./issuer.ts";
import { offerSharedProduct } from "./shared-product.ts";
import { root } from "./source-tree.ts";

const directory = mkdtempSync(join(tmpdir(), "devpocket-test-"));
// As root Postgres runs under another account, which must be able to pass.
chmodSync(directory, 0o711);
const postgres = await startPostgres({ directory: join(directory, "data"), password: "test", isDurable: false });
const databaseUrl = postgres.url("postgres");
const [, , neon, upstash, issuer, shared] = await Promise.all([
  runMigrations(databaseUrl),
  // Once for all products of the run: each builds a page that is missing, and would empty the folder under the others.
  buildPage(root),
  startNeonStandIn(databaseUrl),
  startUpstashStandIn(),
  startIssuer(),
  offerSharedProduct(),
]);

async function stop(): Promise<void> {
  await Promise.all([neon.close(), upstash.close(), issuer.close(), shared.close()]);
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
  process.exit();
}
process.once("disconnect", stop);
// Ctrl-C and `timeout` reach the whole group; the run ends us when it is done, and then Postgres is ended too.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});

process.send?.({
  variables: {
    ENVIRONMENT: "test",
    DATABASE_URL: databaseUrl,
    JWT_KEYS: newJwtKeys(),
    ENVIRONMENT_KEYS: newEnvironmentKeys(),
    ...neon.variables,
    ...upstash.variables,
    ...issuer.variables,
  },
  sharedProduct: shared.address,
});
