/**
 * Serves the product in workerd, in a process of its own so that its work is not the measuring process's: Worker and
 * objects as one script, as near to each other as the figures of other products are. Arguments: the variables as JSON and,
 * if another than the product's, the entry and the objects that it brings, as JSON: bindings and their classes. Prints `listening URL`; ends with
 * its stdin. Unlike wrangler's test harness this lets the Worker's outgoing requests go out by themselves.
 */
import { join } from "node:path";
import { unstable_readConfig, unstable_startWorker } from "wrangler";
import { root } from "../../support/source-tree.ts";

const [variables, entrypoint = "test/workers/support/one-script.ts", more = "{}"] = process.argv.slice(2);
if (variables === undefined) throw new Error("usage: serve-worker.ts VARIABLES [ENTRY [OBJECTS]]");

const objects = unstable_readConfig({ config: join(root, "durable-objects/wrangler.toml") });
const added = Object.entries(JSON.parse(more) as Record<string, string>);
const ownObjects = [
  ...objects.durable_objects.bindings.map(
    ({ name, class_name }: { name: string; class_name: string }) => [name, class_name] as const,
  ),
  ...added,
].map(([name, class_name]) => [name, { type: "durable_object_namespace", class_name }]);

const worker = await unstable_startWorker({
  config: join(root, "wrangler.toml"),
  entrypoint: join(root, entrypoint),
  migrations: [...objects.migrations, { tag: "benchmark", new_sqlite_classes: added.map(([, name]) => name) }],
  bindings: Object.fromEntries([
    ...ownObjects,
    ...Object.entries(JSON.parse(variables) as Record<string, string>).map(([name, value]) => [
      name,
      { type: "plain_text", value },
    ]),
  ]),
  dev: {
    server: { hostname: "127.0.0.1", port: 0 },
    logLevel: "none",
    watch: false,
    persist: false,
    inspector: false,
  },
});
await worker.ready;
process.stdout.write(`listening ${(await worker.url).origin}\n`);
process.stdin.on("end", () => worker.dispose().then(() => process.exit(0))).resume();
