/** The two scripts fit each other: what the Worker binds is what the objects' script has, and no way leads back. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
import { importsOf, root, sourceFiles } from "./support/source-tree.ts";

interface Config {
  name?: string;
  compatibility_date?: string;
  compatibility_flags?: string[];
  workers_dev?: boolean;
  preview_urls?: boolean;
  routes?: unknown[];
  vars: Record<string, unknown>;
  services?: unknown[];
  migrations: { new_sqlite_classes?: string[] }[];
  durable_objects: { bindings: { name: string; class_name: string; script_name?: string }[] };
  observability?: { enabled?: boolean; logs?: { invocation_logs?: boolean } };
}

const read = (path: string): Config => unstable_readConfig({ config: join(root, path) });
const worker = read("wrangler.toml");
const objects = read("durable-objects/wrangler.toml");

it("the Worker binds every class of the objects' script by its name, and has none of its own", () => {
  const classes = objects.migrations.flatMap((migration) => migration.new_sqlite_classes ?? []);
  const bound = worker.durable_objects.bindings;
  expect(bound.map((binding) => binding.class_name).sort()).toEqual(classes.sort());
  expect(new Set(bound.map((binding) => binding.script_name))).toEqual(new Set([objects.name]));
  expect(worker.migrations).toEqual([]);
});

it("the objects call each other and nobody else, so that they can be deployed first", () => {
  const own = worker.durable_objects.bindings.map(({ name, class_name }) => ({ name, class_name }));
  expect(objects.durable_objects.bindings).toEqual(own);
  expect(objects.services ?? []).toEqual([]);
  const entry = sourceFiles().find(({ path }) => path === "durable-objects/index.ts");
  expect(importsOf(entry?.text ?? "").length).toBe(own.length);
});

it("both run on the same platform and log no invocations, and nobody outside reaches the objects", () => {
  for (const fact of ["compatibility_date", "compatibility_flags"] as const)
    expect(objects[fact]).toEqual(worker[fact]);
  for (const { observability } of [worker, objects])
    expect(observability).toMatchObject({ enabled: true, logs: { invocation_logs: false } });
  expect([objects.workers_dev, objects.preview_urls, objects.routes ?? []]).toEqual([false, false, []]);
  expect(objects.vars).toEqual({});
});
