/** Starts the whole product as a user does (`npm run dev`) on a free port, with a data directory of its own if none is given. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../bridge/dev/ports.ts";
import { root } from "../../support/source-tree.ts";

export interface Product {
  url: string;
  dataDirectory: string;
  process: ChildProcess;
  /** Everything printed so far. */
  log(): string;
  /** Resolves when a printed line matches; rejects after `withinMs` or when the product ends. */
  printed(pattern: RegExp, withinMs?: number): Promise<string>;
  /** Ends it, if it has not ended, and removes its data directory. */
  stop(): Promise<void>;
}

/** The environment a started program sees: the machine's, without what a test runner added. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV|TEST|VITE_)/.test(name)),
  );
}

/** Starts the product and waits for its `ready:` line; what it printed is in the error when it does not come. */
export async function startProduct(
  options: { environment?: Record<string, string>; root?: string } = {},
): Promise<Product> {
  const dataDirectory =
    options.environment?.["DEVPOCKET_DATA_DIR"] ?? (await mkdtemp(join(tmpdir(), "devpocket-e2e-")));
  const port = await freePort();
  const child = spawn(process.execPath, ["bridge/dev/main.ts"], {
    cwd: options.root ?? root,
    env: {
      ...cleanEnvironment(),
      PORT: String(port),
      DEVPOCKET_DATA_DIR: dataDirectory,
      // Each directory is new, but what is compiled is the same.
      NODE_COMPILE_CACHE: join(root, "node_modules/.cache/node"),
      ...options.environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const product = { ...watch(child), url: `http://localhost:${port}`, dataDirectory, process: child };
  const stop = async () => {
    await end(child);
    await rm(dataDirectory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    await product.printed(/ready: http/, 100_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...product, stop };
}

function watch(child: ChildProcess): Pick<Product, "log" | "printed"> {
  let text = "";
  const waiting = new Set<() => void>();
  const notify = () => {
    for (const check of waiting) check();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      notify();
    });
  }
  child.on("exit", notify);
  const printed = (pattern: RegExp, withinMs = 60_000) =>
    new Promise<string>((resolve, reject) => {
      const fail = (why: string) => settle(() => reject(new Error(`${why}; printed so far:\n${text.slice(-6000)}`)));
      const deadline = setTimeout(() => fail(`no line matched ${pattern} within ${withinMs} ms`), withinMs);
      const settle = (act: () => void) => {
        clearTimeout(deadline);
        waiting.delete(check);
        act();
      };
      const check = () => {
        const line = text.split("\n").find((candidate) => pattern.test(candidate));
        if (line !== undefined) settle(() => resolve(line));
        else if (child.exitCode !== null) fail(`the product ended with ${child.exitCode}`);
      };
      waiting.add(check);
      check();
    });
  return { log: () => text, printed };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}
