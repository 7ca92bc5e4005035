/** Entry of the Worker: the REST API, the page, the cron and the Durable Object classes. */
import { app } from "./app.ts";
import { createDeps, randomText } from "./deps.ts";
import { sweep } from "./domain/sweep.ts";

export { ClusterObject } from "../durable-objects/cluster-object.ts";
export { TerminalObject } from "../durable-objects/terminal-object.ts";
export { UserObject } from "../durable-objects/user-object.ts";

export default {
  fetch: app.fetch,
  async scheduled(_controller, env, context) {
    await sweep(createDeps(env, `cron${randomText(16)}`, (promise) => context.waitUntil(promise)));
  },
} satisfies ExportedHandler<Env>;
