/** `npm run test:cluster`: a project of its own, because it needs a cluster (settings.ts) and uses it one test at a time. */
import { defineConfig } from "vitest/config";
import { defaultStorageBytes } from "./settings.ts";

export default defineConfig({
  test: {
    name: "cluster",
    environment: "node",
    include: ["test/cluster/**/*.test.ts"],
    globalSetup: ["./test/cluster/setup.ts"],
    fileParallelism: false,
    env: {
      DEVPOCKET_TEST_STORAGE_BYTES: process.env["DEVPOCKET_TEST_STORAGE_BYTES"] || String(defaultStorageBytes),
      DEVPOCKET_TEST_MEMORY_BYTES: process.env["DEVPOCKET_TEST_MEMORY_BYTES"] || String(256 * 2 ** 20),
      DEVPOCKET_TEST_PATIENCE: process.env["DEVPOCKET_TEST_PATIENCE"] || "6",
    },
    silent: "passed-only",
    testTimeout: 300_000,
    // A ground is cleared in a hook: pods end, volumes are emptied.
    hookTimeout: 600_000,
    teardownTimeout: 600_000,
  },
});
