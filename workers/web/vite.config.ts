/** Builds the page into dist/web: hashed assets, nothing inlined, nothing from elsewhere. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Everything that is shared is, but for what the terminal shares with the log, and the docs with each other. */
function isOfFirstScreen(id: string): boolean {
  return !/[/](terminal|docs)[/]|[/](watch-environment|environment-bar|line-pill|stop-warning|document)[.]ts$/.test(id);
}

export default defineConfig({
  root: page("."),
  plugins: [swaggerUi()],
  build: {
    outDir: page("../../dist/web"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ["index.html", "docs.html", "redoc.html"].map(page),
      // The protocol's schemas are calls on `z`; those that the page does not use are left out, and most of zod with them.
      treeshake: { manualPureFunctions: ["z"], propertyReadSideEffects: false },
      // What the first screen shares with screens that are fetched later is one file, and not one for every way to share it.
      output: { codeSplitting: { groups: [{ name: "shared", test: isOfFirstScreen, minShareCount: 2 }] } },
    },
  },
});

/**
 * Swagger UI as it was published, named by its version and loaded by docs.html alone. It is not bundled: it is minified
 * already, and what it calls `z` is not pure.
 */
function swaggerUi(): Plugin {
  const folder = new URL("../../node_modules/swagger-ui-dist/", import.meta.url);
  const read = (name: string) => readFileSync(new URL(name, folder), "utf8");
  const { version } = JSON.parse(read("package.json")) as { version: string };
  const names = { script: `assets/swagger-ui-${version}.js`, style: `assets/swagger-ui-${version}.css` };
  return {
    name: "swagger-ui",
    generateBundle() {
      const unmapped = (text: string) => text.replace(/\n(\/\/|\/\*)# sourceMappingURL=.*$/m, "");
      this.emitFile({ type: "asset", fileName: names.script, source: unmapped(read("swagger-ui-bundle.js")) });
      const license = "swagger-ui-bundle.js.LICENSE.txt";
      this.emitFile({ type: "asset", fileName: `assets/${license}`, source: read(license) });
      this.emitFile({ type: "asset", fileName: names.style, source: unmapped(read("swagger-ui.css")) });
    },
    transformIndexHtml: (_html, { filename }) =>
      filename.endsWith("docs.html")
        ? [
            { tag: "link", attrs: { rel: "stylesheet", href: `/${names.style}` }, injectTo: "head-prepend" },
            { tag: "script", attrs: { src: `/${names.script}` }, injectTo: "head-prepend" },
          ]
        : [],
  };
}
