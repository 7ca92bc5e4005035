/**
 * Starts a real PostgreSQL on 127.0.0.1 from the bundled programs: makes the cluster at the first start, takes a
 * free port, and is ready when the server says so. One server per directory.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "../ports.ts";
import { signalProcess } from "../signals.ts";
import { type Account, unprivilegedAccount } from "./account.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { clusterDirectory, publicDirectory, runningServer, writeOwned } from "./place.ts";

export interface PostgresOptions {
  /** Holds the cluster and the library links; made with mode 0700. */
  directory: string;
  /** Of the superuser; counts only when the cluster is made. */
  password: string;
  /** False trades safety in a power cut for speed: for tests. */
  isDurable: boolean;
  /** Any free one when left out. */
  port?: number;
}

export interface RunningPostgres {
  /** Leader of its own process group. */
  pid: number;
  port: number;
  /** `postgresql://postgres:...@127.0.0.1:PORT/NAME`. */
  url(database: string): string;
  onExit(listener: () => void): void;
  /** Ends it within a second or two; open transactions are rolled back. */
  stop(): Promise<void>;
}

const superuser = "postgres";
const readyWithinMs = 30_000;
const stopWithinMs = 5_000;

/** Rejects with the server's own last words when it does not start. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const account = unprivilegedAccount();
  const place = clusterDirectory(options.directory, account);
  const data = join(place, "data");
  const binaries = findBinaries(account, options.directory, publicDirectory);
  if (!existsSync(join(place, "initialised"))) await initialise(binaries, account, place, options.password);
  await clearPredecessor(data);
  const port = options.port ?? (await freePort());
  const server = spawn(binaries.postgres, ["-D", data, ...settings(port, options.isDurable)], {
    ...account,
    env: environment(binaries),
    cwd: "/",
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  await ready(server);
  const password = encodeURIComponent(options.password);
  return {
    pid: server.pid as number,
    port,
    url: (database) => `postgresql://${superuser}:${password}@127.0.0.1:${port}/${database}`,
    onExit: (listener) => server.once("exit", listener),
    stop: () => stop(server),
  };
}

/** Makes `<place>/data`; a first start that was cut off is made again from nothing. */
async function initialise(binaries: Binaries, account: Account | null, place: string, password: string) {
  const data = join(place, "data");
  const passwordFile = join(place, "password");
  rmSync(data, { recursive: true, force: true });
  writeOwned(passwordFile, `${password}\n`, account);
  const args = ["-D", data, "-U", superuser, "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "-E", "UTF8"];
  args.push("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync");
  try {
    await promisify(execFile)(binaries.initdb, args, { ...account, env: environment(binaries), cwd: "/" });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  writeOwned(join(place, "initialised"), "", account);
}

function environment(binaries: Binaries): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC", LD_LIBRARY_PATH: binaries.libraryPath };
}

function settings(port: number, isDurable: boolean): string[] {
  const values: Record<string, string | number> = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: 100,
    // A crash of the machine may lose the last half second, never the database.
    synchronous_commit: "off",
    ...(isDurable ? {} : { fsync: "off", full_page_writes: "off", autovacuum: "off" }),
  };
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/**
 * A server that outlived its supervisor is ended first. After a crash the lock file may name a process number that
 * somebody else has now; Postgres would refuse to start.
 */
async function clearPredecessor(data: string): Promise<void> {
  const deadline = Date.now() + stopWithinMs;
  for (let pid = runningServer(data); pid !== null; pid = runningServer(data)) {
    signalProcess(pid, Date.now() < deadline ? "SIGINT" : "SIGKILL");
    await delay(50);
  }
  rmSync(join(data, "postmaster.pid"), { force: true });
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why: string) => reject(new Error(`${why}: ${lastWords(said)}`));
    const deadline = setTimeout(() => {
      server.kill("SIGKILL");
      fail(`Postgres was not ready after ${readyWithinMs / 1000} s`);
    }, readyWithinMs);
    server.once("error", (error) => fail(`Postgres cannot be started (${error.message})`));
    server.once("exit", () => {
      clearTimeout(deadline);
      fail("Postgres ended at its start");
    });
    server.stderr?.on("data", (bytes: Buffer) => {
      said = (said + bytes).slice(-4000);
      if (!said.includes("ready to accept connections")) return;
      clearTimeout(deadline);
      resolve();
    });
  });
}

function lastWords(log: string): string {
  const lines = log.trim().split("\n");
  return lines.findLast((line) => /FATAL|PANIC|ERROR|cannot|error/.test(line)) ?? lines.at(-1) ?? "";
}

function stop(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) return resolve();
    const deadline = setTimeout(() => server.kill("SIGKILL"), stopWithinMs);
    server.once("exit", () => {
      clearTimeout(deadline);
      resolve();
    });
    // "Fast shutdown": ends the sessions, then checkpoints.
    server.kill("SIGINT");
  });
}
