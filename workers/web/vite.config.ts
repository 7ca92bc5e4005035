/** Builds the page into dist/web: hashed assets, nothing inlined, nothing from elsewhere. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  build: {
    outDir: fileURLToPath(new URL("../../dist/web", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The protocol's schemas are calls on `z`; those that the page does not use are left out, and most of zod with them.
    rolldownOptions: { treeshake: { manualPureFunctions: ["z"], propertyReadSideEffects: false } },
  },
});
