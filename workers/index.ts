/** Entry of the Worker: the REST API, the page, the cron and the Durable Object classes. */
import { app } from "./app.ts";

export { ClusterObject } from "../durable-objects/cluster-object.ts";
export { TerminalObject } from "../durable-objects/terminal-object.ts";
export { UserObject } from "../durable-objects/user-object.ts";

export default { fetch: app.fetch } satisfies ExportedHandler<Env>;
