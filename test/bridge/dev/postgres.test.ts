import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { unprivilegedAccount } from "../../../bridge/dev/postgres/account.ts";
import { startPostgres } from "../../../bridge/dev/postgres/launch.ts";
import { clusterDirectory } from "../../../bridge/dev/postgres/place.ts";
import { root } from "../../support/source-tree.ts";

const made: string[] = [];
function newDirectory(prefix: string, mode: number): string {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  chmodSync(directory, mode);
  made.push(directory);
  return join(directory, "data");
}
afterEach(() => {
  for (const directory of made.splice(0)) {
    rmSync(clusterDirectory(join(directory, "data"), unprivilegedAccount()), { recursive: true, force: true });
    rmSync(directory, { recursive: true, force: true });
  }
});

async function ask(url: string, query: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(query);
  await client.end();
  return rows[0];
}

/** Starts and goes, leaving its cluster abandoned, which the next start removes. */
const comingAndGoing = `
  import { existsSync, mkdtempSync, rmSync } from "node:fs";
  import { unprivilegedAccount } from "${root}bridge/dev/postgres/account.ts";
  import { clusterDirectory } from "${root}bridge/dev/postgres/place.ts";
  for (let round = 0; round < 25; round += 1) {
    const directory = mkdtempSync("${tmpdir()}/devpocket-start-");
    const place = clusterDirectory(directory, unprivilegedAccount());
    if (!existsSync(place + "/belongs-to")) throw new Error("the cluster was taken for abandoned");
    rmSync(directory, { recursive: true });
  }`;

describe("Postgres launcher", () => {
  it.runIf(process.getuid?.() === 0)("has its cluster also when others come and go at the same time", async () => {
    const start = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", comingAndGoing]);
    await Promise.all([start(), start(), start(), start()]);
  });

  it("keeps data over a restart, below a private path with spaces and umlauts", async () => {
    const options = { directory: newDirectory("dev pöcket ", 0o700), password: "p@ss/wörd: 1", isDurable: false };
    const first = await startPostgres(options);
    await ask(first.url("postgres"), "create table kept as select lower('ÄÖ') as text");
    await first.stop();
    const second = await startPostgres(options);
    expect(await ask(second.url("postgres"), "select text from kept")).toEqual({ text: "äö" });
    await second.stop();
  });

  it("wants its password and keeps its files to itself", async () => {
    const directory = newDirectory("devpocket-", 0o755);
    const postgres = await startPostgres({ directory, password: "right", isDurable: false });
    const wrong = postgres.url("postgres").replace("right", "wrong");
    await expect(ask(wrong, "select 1")).rejects.toMatchObject({ code: "28P01" });
    expect(statSync(clusterDirectory(directory, unprivilegedAccount())).mode & 0o777).toBe(0o700);
    await postgres.stop();
  });

  it("takes over from a server that outlived its supervisor", async () => {
    const options = { directory: newDirectory("devpocket-", 0o711), password: "x", isDurable: false };
    const orphan = await startPostgres(options);
    const ended = new Promise<void>((resolve) => orphan.onExit(resolve));
    const successor = await startPostgres({ ...options, port: orphan.port });
    await ended;
    expect(await ask(successor.url("postgres"), "select 1 as one")).toEqual({ one: 1 });
    await successor.stop();
  });

  it("tells when the server dies", async () => {
    const postgres = await startPostgres({
      directory: newDirectory("devpocket-", 0o711),
      password: "x",
      isDurable: false,
    });
    const died = new Promise<void>((resolve) => postgres.onExit(resolve));
    process.kill(postgres.pid, "SIGKILL");
    await died;
    await postgres.stop();
  });
});
