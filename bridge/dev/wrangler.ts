/** `wrangler dev` (workerd) for each of the two scripts: where it finds its variables, its state and its output's gate. */
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Program } from "./child.ts";
import { makePrivate, writePrivate } from "./data-directory.ts";
import { formatEnvFile, type Variables } from "./variables.ts";

export interface ScriptPlace {
  root: string;
  dataDirectory: string;
  host: string;
  port: number;
}

interface Script {
  /** As the person sees it, and as its files are called. */
  name: string;
  config: string;
  /** As its configuration names it. */
  registeredAs: string;
  environment?: Record<string, string>;
}

/** The REST Worker. What wrangler replaces of it drains, so that a change of its code cuts no terminal. */
export function workerProgram(place: ScriptPlace, variables: Variables): Program {
  const environment = {
    MINIFLARE_WORKERD_PATH: join(place.root, "bridge/dev/draining-workerd.sh"),
    DEVPOCKET_WORKERD: workerdPath(place.root),
  };
  return wranglerProgram(
    { name: "server", config: "wrangler.toml", registeredAs: "devpocket-server", environment },
    place,
    variables,
  );
}

/** The Durable Objects, with the variables they read. Two may never hold the same state, so what is replaced here ends. */
export function objectsProgram(place: ScriptPlace, { LOG_LEVEL, LOG_FORMAT, DEBUG }: Variables): Program {
  const level = LOG_LEVEL ?? (DEBUG === "true" ? "debug" : "info");
  const variables = { LOG_LEVEL: level, LOG_FORMAT: LOG_FORMAT ?? "json" };
  const script = { name: "objects", config: "durable-objects/wrangler.toml", registeredAs: "devpocket-objects" };
  return wranglerProgram(script, place, variables);
}

/** Makes everything ready for a start of the script and names the program: its variables are in a private file. */
function wranglerProgram(script: Script, place: ScriptPlace, variables: Variables): Program {
  const { name, config, registeredAs, environment } = script;
  const { root, dataDirectory, host, port } = place;
  const state = join(dataDirectory, "wrangler");
  makePrivate(state);
  const registry = join(state, "registry");
  // One that was killed is still registered, and for 90 s its successor would wait for it.
  rmSync(join(registry, registeredAs), { force: true });
  const envFile = join(dataDirectory, `${name}.env`);
  writePrivate(envFile, formatEnvFile(variables));
  const options = {
    config: join(root, config),
    ip: host,
    port,
    "inspector-port": 0,
    "env-file": envFile,
    "persist-to": join(state, name),
    // "log" is what the Worker prints itself.
    "log-level": "log",
    "show-interactive-dev-session": "false",
  };
  // Its bin would only start this as another process.
  const wrangler = join(root, "node_modules/wrangler/wrangler-dist/cli.js");
  return {
    name,
    args: [
      "--no-warnings",
      wrangler,
      "dev",
      ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)]),
    ],
    cwd: root,
    newFilter: newWranglerFilter,
    environment: {
      ...process.env,
      ...environment,
      CI: "1",
      NO_COLOR: "1",
      // The local tracer costs 1.5 ms per object event.
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      X_LOCAL_OBSERVABILITY: "false",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_LOG_PATH: join(state, "logs"),
      // Where the scripts find each other.
      WRANGLER_REGISTRY_PATH: registry,
      XDG_CONFIG_HOME: join(state, "config"),
    },
  };
}

/** The workerd that wrangler would take, which is a dependency of a dependency. */
function workerdPath(root: string): string {
  const miniflare = createRequire(createRequire(join(root, "package.json")).resolve("miniflare"));
  return (miniflare("workerd") as { default: string }).default;
}

/**
 * Leaves out wrangler's banner, our own watch and wrangler's request lines: those hold URLs, and some clients carry
 * their token there. A problem before the server is ready opens the gate.
 */
function newWranglerFilter(): (line: string) => boolean {
  let isOpen = false;
  return (line) => {
    const isTalk = line.includes("[wrangler:info]");
    const isOurWatch = /GET \/health\/live\b.*\b200\b/.test(line);
    isOpen ||= isTalk || /\bERROR\b|✘/.test(line);
    return isOpen && !isTalk && !isOurWatch;
  };
}
