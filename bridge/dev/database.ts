/** The database of a local run: the bundled Postgres, an ordinary one behind our Neon proxy, or Neon itself. */
import type { Running } from "./child.ts";
import { freePort } from "./ports.ts";
import { startPostgres } from "./postgres/launch.ts";
import type { Reaper } from "./reaper.ts";
import { startNeonStandIn } from "./stand-ins.ts";
import { supervise } from "./supervise.ts";
import type { Variables } from "./variables.ts";

export interface Database {
  url: string;
  /** What the Worker needs besides DATABASE_URL. */
  variables: Variables;
  stop(): Promise<void>;
}

export interface DatabaseOptions {
  directory: string;
  password: string;
  given: Variables;
  reaper: Reaper;
}

export async function startDatabase(options: DatabaseOptions): Promise<Database> {
  const { given } = options;
  const postgres = given["DATABASE_URL"] ? null : await superviseBundled(options);
  const url = postgres?.url ?? given["DATABASE_URL"] ?? "";
  if (speaksNeon(url) || given["NEON_FETCH_ENDPOINT"]) return { url, variables: {}, stop: async () => {} };
  const proxy = await startNeonStandIn(url);
  return {
    url,
    variables: proxy.variables,
    stop: async () => {
      await proxy.close();
      await postgres?.stop();
    },
  };
}

function speaksNeon(url: string): boolean {
  return URL.canParse(url) && new URL(url).hostname.endsWith(".neon.tech");
}

/** Started again on the same port when it dies, so that its URL stays. */
async function superviseBundled({ directory, password, reaper }: DatabaseOptions) {
  const port = await freePort();
  let url = "";
  const { stop } = await supervise("postgres", async (): Promise<Running> => {
    const server = await startPostgres({ directory, password, isDurable: true, port });
    url = server.url("postgres");
    reaper.guard(server.pid);
    return {
      pid: server.pid,
      stop: server.stop,
      onExit: (listener) =>
        server.onExit(() => {
          reaper.release(server.pid);
          listener("has ended");
        }),
    };
  });
  return { url, stop };
}
