/** Entry of the objects' script: the classes, which the Worker and the objects themselves reach through bindings. */
export { ClusterObject } from "./cluster-object.ts";
export { MeterObject } from "./meter-object.ts";
export { TerminalObject } from "./terminal-object.ts";
export { TransferObject } from "./transfer-object.ts";
export { UserObject } from "./user-object.ts";

/** The platform wants one; no route leads here. */
export default {
  fetch: () => new Response(null, { status: 404 }),
} satisfies ExportedHandler<ObjectsEnv>;
