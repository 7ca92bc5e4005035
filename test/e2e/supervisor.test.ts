/** `npm run dev` as a process: what it says, how it ends, what it leaves behind. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { freePort } from "../../bridge/dev/ports.ts";
import { root } from "../support/source-tree.ts";
import { cloneRepository } from "./support/clone.ts";
import { descendant, mentioning, serverWorkerd } from "./support/processes.ts";
import { type Product, startProduct } from "./support/product.ts";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A start costs many seconds of both cores, so tests share products; the newest is the one that may still be well. */
const started: Product[] = [];
afterAll(async () => {
  for (const { stop } of started) await stop();
});

/** A new product, on the data of an earlier one if that is named. */
async function start(dataDirectory?: string): Promise<Product> {
  const product = await startProduct(
    dataDirectory === undefined ? {} : { environment: { DEVPOCKET_DATA_DIR: dataDirectory } },
  );
  started.push(product);
  return product;
}

/** The product that the test before has left well, or a new one. */
async function running(): Promise<Product> {
  const newest = started.at(-1);
  if (newest !== undefined && (await isHealthy(newest.url))) return newest;
  await newest?.stop();
  return start();
}

/** A start that is expected to fail: its exit code and what it said. */
async function failToStart(environment: Record<string, string>, command = process.execPath) {
  const dataDirectory = mkdtempSync(join(tmpdir(), "devpocket-fail-"));
  cleanups.push(() => rmSync(dataDirectory, { recursive: true, force: true }));
  const child = spawn(command, ["bridge/dev/main.ts"], {
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      PORT: String(await freePort()),
      DEVPOCKET_DATA_DIR: dataDirectory,
      ...environment,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => {
    said += bytes;
  });
  const [code] = await once(child, "close");
  await nothingLeft(dataDirectory);
  return { code, said };
}

async function nothingLeft(dataDirectory: string): Promise<void> {
  await vi.waitFor(() => expect(mentioning(dataDirectory)).toEqual([]), { timeout: 30_000, interval: 100 });
}

async function isHealthy(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(10_000) }).catch(() => null);
  return response?.status === 200;
}
const healthyAgain = (url: string) => vi.waitUntil(() => isHealthy(url), { timeout: 100_000, interval: 200 });

function exited(child: ChildProcess): Promise<unknown> {
  return child.exitCode === null && child.signalCode === null ? once(child, "exit") : Promise.resolve();
}

/** A shell environment's tmux server as the bridge would leave it. */
function startTmux(dataDirectory: string, environmentId: string): void {
  const directory = join(dataDirectory, "environments", environmentId);
  const script = `mkdir -p "$1" "$2/tmux" && tmux -S "$2/tmux/$3" -f /dev/null new-session -d "sleep 600"`;
  const env = { PATH: process.env["PATH"], DEVPOCKET_ENVIRONMENT_ID: environmentId, MARK: dataDirectory };
  expect(spawnSync("sh", ["-c", script, "sh", directory, dataDirectory, environmentId], { env }).status).toBe(0);
}

/** Local addresses, in hexadecimal as the kernel writes them, on which somebody listens at this port. */
function listeners(port: number): string[] {
  const rows = ["tcp", "tcp6"].flatMap((name) => readFileSync(`/proc/net/${name}`, "utf8").split("\n"));
  const fields = rows.map((row) => row.trim().split(/\s+/));
  const listening = fields.filter(([, , , state]) => state === "0A").map(([, local = ""]) => local.split(":"));
  return listening.filter(([, hex = ""]) => Number.parseInt(hex, 16) === port).map(([address = ""]) => address);
}

describe("npm run dev", { timeout: 180_000 }, () => {
  it("serves on the loopback only, keeps secrets off command lines and in private files", async () => {
    const { url, dataDirectory } = await running();
    const secrets = JSON.parse(readFileSync(join(dataDirectory, "secrets.json"), "utf8")) as Record<string, string>;
    const commands = mentioning(dataDirectory).map(({ command }) => command);
    expect(commands.length).toBeGreaterThan(2);
    for (const secret of Object.values(secrets)) expect(commands.join("\n")).not.toContain(secret);
    for (const name of ["environments", "tmux", "wrangler"]) {
      expect(statSync(join(dataDirectory, name)).mode & 0o077, name).toBe(0);
    }
    expect(listeners(Number(new URL(url).port))).toEqual(["0100007F"]);
  });

  it("refuses a data directory that another one uses", async () => {
    const { dataDirectory } = await running();
    const child = spawnSync(process.execPath, ["bridge/dev/main.ts"], {
      cwd: root,
      env: { PATH: process.env["PATH"], PORT: String(await freePort()), DEVPOCKET_DATA_DIR: dataDirectory },
      encoding: "utf8",
    });
    expect([child.status, child.stderr]).toEqual([1, expect.stringMatching(/is used by another npm run dev.*\n$/)]);
  });

  it("starts again what dies: Postgres, the server, workerd inside it", async () => {
    const { url, process: child } = await running();
    const server = new RegExp(`wrangler-dist/cli.js dev .*--port ${new URL(url).port} `);
    for (const command of [/bin\/postgres -D/, server, /\/workerd serve/]) {
      const victim = descendant(child.pid as number, command).pid;
      process.kill(victim, "SIGKILL");
      await vi.waitUntil(() => !existsSync(`/proc/${victim}`), { timeout: 20_000 });
      await healthyAgain(url);
    }
  });

  it("starts the server again as soon as the workerd that holds its port dies", async () => {
    const { url, process: child, printed } = await running();
    process.kill(serverWorkerd(child.pid as number, url), "SIGKILL");
    await printed(/server lost its workerd/);
    await healthyAgain(url);
  });

  it("leaves nothing after SIGTERM, tmux servers included, but what is not its own, and starts again on its data", async () => {
    const other = mkdtempSync(join(tmpdir(), "devpocket-other-"));
    startTmux(other, "env_cccccccccccccccccccc");
    cleanups.push(() => {
      spawnSync("tmux", ["-S", join(other, "tmux/env_cccccccccccccccccccc"), "kill-server"]);
      rmSync(other, { recursive: true, force: true });
    });
    const { dataDirectory, process: child } = await running();
    startTmux(dataDirectory, "env_aaaaaaaaaaaaaaaaaaaa");
    child.kill("SIGTERM");
    await exited(child);
    expect(child.exitCode).toBe(0);
    await nothingLeft(dataDirectory);
    expect(mentioning(other).length).toBeGreaterThan(0);
    const marker = readFileSync(join(dataDirectory, "secrets.json"), "utf8");
    const again = await start(dataDirectory);
    expect(readFileSync(join(dataDirectory, "secrets.json"), "utf8")).toBe(marker);
    expect(await isHealthy(again.url)).toBe(true);
  });

  it("leaves nothing after kill -9 of itself, and starts again at once", async () => {
    const { dataDirectory, process: child } = await running();
    startTmux(dataDirectory, "env_bbbbbbbbbbbbbbbbbbbb");
    child.kill("SIGKILL");
    const again = await start(dataDirectory);
    expect(await isHealthy(again.url)).toBe(true);
    await again.stop();
    await nothingLeft(dataDirectory);
  });

  it.runIf(process.getuid?.() === 0)(
    "runs for an ordinary user, from a private path with blanks and umlauts",
    async () => {
      const clone = join(mkdtempSync(join(tmpdir(), "dev pöcket ")), "klön");
      cleanups.push(() => rmSync(join(clone, ".."), { recursive: true, force: true }));
      cloneRepository(clone);
      const own = 'chown -R nobody "$1/.." && chmod 700 "$1/.."';
      expect(spawnSync("sh", ["-c", own, "sh", clone]).status).toBe(0);
      const run = ["--reuid", "nobody", "--clear-groups", process.execPath, "bridge/dev/main.ts"];
      const port = await freePort();
      const child = spawn("setpriv", run, {
        cwd: clone,
        env: { PATH: process.env["PATH"], HOME: "/nonexistent", PORT: String(port) },
        stdio: "ignore",
      });
      cleanups.push(() => void child.kill("SIGTERM"));
      await healthyAgain(`http://127.0.0.1:${port}`);
      child.kill("SIGTERM");
      await exited(child);
      await nothingLeft(clone);
    },
  );

  it("says a taken port in one line and ends with 1", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    expect(await failToStart({ PORT: String(port) })).toEqual({
      code: 1,
      said: expect.stringMatching(new RegExp(`^npm run dev: port ${port} is taken.*\\n$`)),
    });
    server.close();
  });

  it("says a missing tmux in one line and ends with 1", async () => {
    const answer = await failToStart({ PATH: "/nowhere" });
    expect(answer).toEqual({ code: 1, said: expect.stringMatching(/^npm run dev: tmux is missing.*\n$/) });
  });

  it("says a broken database in one line and ends with 1", async () => {
    const answer = await failToStart({ DATABASE_URL: "postgresql://nobody:geheim@127.0.0.1:1/none" });
    expect(answer).toEqual({ code: 1, said: expect.stringMatching(/^npm run dev: .*ECONNREFUSED.*\n$/) });
    expect(answer.said).not.toContain("geheim");
  });
});
