/** `npm run keys`: adds JWT_KEYS, ENVIRONMENT_KEYS and BRIDGE_TOKEN to `.dev.vars` unless they are there. Overwrites nothing. */
import { appendFileSync, chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { newBridgeToken, newEnvironmentKeys, newJwtKeys } from "./keys.ts";
import { readVariableFile } from "./variables.ts";

/** Appends what is missing to `<directory>/.dev.vars` (mode 0600); the names that were added. */
export function addMissingKeys(directory: string): string[] {
  const path = join(directory, ".dev.vars");
  const makers = { JWT_KEYS: newJwtKeys, ENVIRONMENT_KEYS: newEnvironmentKeys, BRIDGE_TOKEN: newBridgeToken };
  const present = readVariableFile(path);
  const missing = Object.entries(makers).filter(([name]) => !present[name]);
  const endsMidLine = existsSync(path) && /[^\n]$/.test(readFileSync(path, "utf8"));
  const lines = missing.map(([name, make]) => `${name}='${make()}'\n`).join("");
  appendFileSync(path, (endsMidLine && lines !== "" ? "\n" : "") + lines, { mode: 0o600 });
  chmodSync(path, 0o600);
  return missing.map(([name]) => name);
}

if (import.meta.main) {
  const added = addMissingKeys(process.cwd());
  if (added.length === 0) console.log(".dev.vars has all keys already; nothing was changed");
  else console.log(`added ${added.join(", ")} to .dev.vars; keep it private`);
  console.log("production: npx wrangler secret put NAME, with a key made for it alone");
}
