/** Builds the page with Vite when the built one is missing or older than its sources. */
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "./child.ts";
import { say } from "./output.ts";

/** Leaves a directory for the Worker's assets in any case; a failed build is told and the old page stays. */
export async function buildPage(root: string): Promise<void> {
  const built = join(root, "dist/web");
  const config = join(root, "workers/web/vite.config.ts");
  mkdirSync(built, { recursive: true });
  if (!existsSync(config) || !isStale(root, join(built, "index.html"))) return;
  const { code, lines } = await runProgram({
    name: "page",
    args: [join(root, "node_modules/vite/bin/vite.js"), "build", "--config", config, "--logLevel", "warn"],
    cwd: root,
    environment: process.env,
  });
  if (code !== 0) say(`the page cannot be built, the last one is served:\n${lines.join("\n")}`);
}

function isStale(root: string, page: string): boolean {
  if (!existsSync(page)) return true;
  const sources = ["workers/web", "durable-objects/protocol"].flatMap((folder) => filesBelow(join(root, folder)));
  const newest = Math.max(...[...sources, join(root, "package-lock.json")].map((path) => statSync(path).mtimeMs));
  return newest > statSync(page).mtimeMs;
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
