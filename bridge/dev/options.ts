/** What `npm run dev` was asked for: its arguments and the machine's variables. Reads nothing else. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";

export interface DevOptions {
  port: number;
  /** Absolute. */
  dataDirectory: string;
  /** Listen on the network, for a real phone. */
  isLan: boolean;
  wantsHelp: boolean;
}

/** Something the person who started us can put right; the message is one clear line. */
export class StartFailure extends Error {}

export const help = `Usage: npm run dev [-- OPTIONS]

Starts everything on this machine: PostgreSQL, a Redis stand-in, the server (workerd) and a bridge that runs
environments as tmux sessions of this machine. Ctrl-C ends all of it; the data stays.

Options
  --lan    listen on the network too, so that a phone can connect: replaces the passwords of the seed accounts by
           random ones (printed once) and shows the address with a QR code
  --help   this text

Variables
  PORT                 where the server listens (8000)
  DEVPOCKET_DATA_DIR   where data is kept (.devpocket in this folder)
  DATABASE_URL         a Neon or other PostgreSQL instead of the one that is started here
  UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN   an Upstash Redis instead of the stand-in
  BRIDGE_RUNTIME       kubernetes: environments are pods of the cluster that KUBECONFIG names, in DEVPOCKET_NAMESPACE

.dev.vars holds these and more; .dev.vars.example explains each. A variable of the shell wins over the file.
`;

/** Throws StartFailure for what it does not understand. */
export function readOptions(args: string[], environment: NodeJS.ProcessEnv, root: string): DevOptions {
  const flags = readFlags(args);
  const port = Number(environment["PORT"] || 8000);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new StartFailure(`PORT must be a number from 1 to 65535, not "${environment["PORT"]}"`);
  }
  return {
    port,
    dataDirectory: resolve(root, environment["DEVPOCKET_DATA_DIR"] || ".devpocket"),
    isLan: flags.lan,
    wantsHelp: flags.help,
  };
}

function readFlags(args: string[]): { lan: boolean; help: boolean } {
  try {
    const { values } = parseArgs({
      args,
      options: { lan: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    });
    return { lan: values.lan ?? false, help: values.help ?? false };
  } catch (error) {
    throw new StartFailure(`${error instanceof Error ? error.message : error} (npm run dev -- --help explains)`);
  }
}
