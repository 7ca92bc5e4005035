import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { unstable_readConfig } from "wrangler";
import { SecondTries } from "./test/support/second-tries.ts";
import { SoakFirst } from "./test/support/soak-first.ts";

// Hundreds of processes are started here, tests' workers and what tests start, and all compile the same few files.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/node", import.meta.url));

const globalSetup = ["./test/support/global-setup.ts"];

const bindings: { name: string; class_name: string }[] = unstable_readConfig({
  config: "durable-objects/wrangler.toml",
}).durable_objects.bindings;
const ownObjects = Object.fromEntries(
  bindings.map(({ name, class_name: className }) => [name, { className, useSQLite: true }]),
);

/**
 * Four projects: `architecture` (the house rules), `node` (pure code, bridge, stand-ins), `workerd` (Worker and
 * objects inside workerd) and `e2e` (the whole product over real sockets). `npm test` runs them all, files of any beside
 * each other; a run has one Postgres and one Redis of its own (test/support/global-setup.ts).
 */
export default defineConfig({
  test: {
    silent: "passed-only",
    // Three at least: files that start processes often wait for them, so that two would leave two cores idle.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: SoakFirst },
    provide: {
      fuzz: { cases: Number(process.env["FUZZ_CASES"] ?? 500), seed: Number(process.env["FUZZ_SEED"]) || null },
    },
    reporters: ["default", ...(process.env["VITEST_JSON"] ? ["json"] : []), new SecondTries()],
    ...(process.env["VITEST_JSON"] ? { outputFile: { json: process.env["VITEST_JSON"] } } : {}),
    coverage: {
      provider: "v8",
      include: ["workers/**/*.ts", "durable-objects/**/*.ts", "bridge/**/*.ts", "migrations/**/*.ts"],
      exclude: ["**/*.d.ts", "workers/web/**", "migrations/drizzle.config.ts"],
      reporter: ["text", "json-summary"],
      reportsDirectory: "coverage",
    },
    projects: [
      {
        test: { name: "architecture", environment: "node", include: ["test/architecture.test.ts"] },
      },
      {
        test: {
          name: "node",
          environment: "node",
          globalSetup,
          // Scripts are started and passwords hashed here: many seconds each on a busy machine.
          testTimeout: 60_000,
          // Pods, shells and bridges of real processes live and die here beside each other: where nobody watches, a second try.
          retry: process.env["CI"] ? 1 : 0,
          include: ["test/**/*.test.ts"],
          exclude: [
            "**/node_modules/**",
            "test/architecture.test.ts",
            "test/workers/**",
            "test/durable-objects/**",
            "test/e2e/**",
            "test/conformance/**",
            "test/cluster/**",
          ],
        },
      },
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            // Both scripts as one, so that tests reach into objects; how they are bound for real is e2e's to show.
            main: "./test/workers/support/one-script.ts",
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              durableObjects: ownObjects,
              // Nothing settles here by itself: who waits for a phase waits in vain, unless a test says otherwise.
              bindings: { ...inject("variables"), LIMIT_PHASE_WAIT_MS: "100" },
            },
          })),
        ],
        test: {
          name: "workerd",
          globalSetup,
          // Loading the whole Worker anew for every file took a third of the time. Files share no names, ids or addresses.
          isolate: false,
          // The first request of a file loads the whole Worker, and passwords are hashed: many seconds on a busy machine.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          include: ["test/workers/**/*.test.ts", "test/durable-objects/**/*.test.ts"],
        },
      },
      {
        test: {
          name: "e2e",
          environment: "node",
          globalSetup,
          include: ["test/e2e/**/*.test.ts", "test/conformance/**/*.test.ts"],
          // Whole products start and die here beside each other; a busy machine gets a second try.
          retry: 1,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
