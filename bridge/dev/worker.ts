/** The server itself: `wrangler dev` (workerd) with its state in the data directory, watched from outside. */
import { join } from "node:path";
import type { Program } from "./child.ts";
import { makePrivate, writePrivate } from "./data-directory.ts";
import { groupMembers, processArguments, processStart } from "./proc.ts";
import { formatEnvFile, type Variables } from "./variables.ts";

export interface WorkerPlace {
  root: string;
  dataDirectory: string;
  host: string;
  port: number;
}

/** Writes the Worker's variables into a private file and names the program that reads it. */
export function workerProgram({ root, dataDirectory, host, port }: WorkerPlace, variables: Variables): Program {
  makePrivate(join(dataDirectory, "wrangler"));
  const envFile = join(dataDirectory, "worker.env");
  writePrivate(envFile, formatEnvFile(variables));
  const options = {
    ip: host,
    port,
    "inspector-port": 0,
    "env-file": envFile,
    "persist-to": join(dataDirectory, "wrangler"),
    // "log" is what the Worker prints itself.
    "log-level": "log",
    "show-interactive-dev-session": "false",
  };
  const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
  return {
    name: "server",
    args: [wrangler, "dev", ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])],
    cwd: root,
    newFilter: newWranglerFilter,
    environment: {
      ...process.env,
      CI: "1",
      NO_COLOR: "1",
      // The local tracer costs 1.5 ms per object event.
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      X_LOCAL_OBSERVABILITY: "false",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_LOG_PATH: join(dataDirectory, "wrangler/logs"),
      WRANGLER_REGISTRY_PATH: join(dataDirectory, "wrangler/registry"),
      XDG_CONFIG_HOME: join(dataDirectory, "wrangler/config"),
    },
  };
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

/** What one request was answered; `isWorker` tells our answers, which carry a request id, from wrangler's own. */
export interface Answer {
  status: number;
  isWorker: boolean;
}

/** Null when nobody answered in time. */
export async function ask(url: string, withinMs: number): Promise<Answer | null> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(withinMs),
      headers: { "user-agent": "devpocket-dev" },
    });
    await response.arrayBuffer();
    return { status: response.status, isWorker: response.headers.has("x-request-id") };
  } catch {
    // Refused, reset or late are all the same here: no answer.
    return null;
  }
}

const lookEveryMs = 250;

/**
 * Calls back when the workerd that holds our port has died. Wrangler puts others in its place by itself, but behind
 * a new holder of the port requests hang. A reload of the code changes other workerds, never this one.
 */
export function watchPortHolder(port: number, pidOf: () => number | null, onDeath: () => Promise<void>): () => void {
  let holder: { pid: number; wrangler: number } | null = null;
  function look(): void {
    const wrangler = pidOf();
    if (wrangler === null || holder?.wrangler !== wrangler) holder = null;
    if (wrangler === null) return;
    if (holder === null) {
      const pid = groupMembers(wrangler).find((member) => holdsPort(member, port));
      if (pid !== undefined) holder = { pid, wrangler };
    } else if (processStart(holder.pid) === null) {
      holder = null;
      void onDeath();
    }
  }
  look();
  const timer = setInterval(look, lookEveryMs);
  return () => clearInterval(timer);
}

function holdsPort(pid: number, port: number): boolean {
  return processArguments(pid).some((word) => word.startsWith("--socket-addr=entry=") && word.endsWith(`:${port}`));
}

const askEveryMs = 1_000;
const answersWithinMs = 4_000;
const missesAllowed = 3;

/** Calls back whenever the server has not answered several times in a row, though its process may live. */
export function watchWorker(url: string, onSilence: () => Promise<void>): () => void {
  let misses = 0;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  async function look(): Promise<void> {
    const answer = await ask(`${url}/health/live`, answersWithinMs);
    misses = answer?.isWorker ? 0 : misses + 1;
    if (misses >= missesAllowed && !isOver) {
      // A fresh start gets time for its bundling.
      misses = -10;
      await onSilence();
    }
    if (!isOver) timer = setTimeout(look, askEveryMs);
  }
  timer = setTimeout(look, askEveryMs);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
