/** Entry of the Worker: the REST API, the page and the cron. */
import { app } from "./app.ts";
import { createDeps, randomText } from "./deps.ts";
import { sweepAccounts } from "./domain/accounts/sweep.ts";
import { sweepAudit } from "./domain/audit-search.ts";
import { sweepBridgeTokens } from "./domain/catalog/bridge-tokens.ts";
import { sweepEnvironments } from "./domain/environments/sweep.ts";
import { sweepRequests } from "./domain/idempotency.ts";
import { sweepShares } from "./domain/sharing/sweep.ts";

export default {
  fetch: app.fetch,
  async scheduled(_controller, env, context) {
    const deps = createDeps(env, `cron${randomText(16)}`, (promise) => context.waitUntil(promise));
    const sweeps = [sweepEnvironments, sweepAccounts, sweepRequests, sweepAudit, sweepBridgeTokens, sweepShares];
    await Promise.all(sweeps.map((sweep) => sweep(deps)));
  },
} satisfies ExportedHandler<Env>;
