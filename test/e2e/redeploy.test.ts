/**
 * A deploy of the REST Worker under live terminals, as `npm run dev` makes one of every change of its code: what is new is
 * served, and nobody who has a terminal or a link open notices. The Worker's and the objects' scripts are processes of
 * their own here; in production the platform drains the Worker's old version, here workerd does.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { TerminalPeer } from "../support/terminal-peer.ts";
import { cloneRepository } from "./support/clone.ts";
import { type Person, register, type Terminal } from "./support/person.ts";
import { descendant, descendants } from "./support/processes.ts";
import { type Product, startProduct } from "./support/product.ts";

const clone = mkdtempSync(join(tmpdir(), "devpocket-redeploy-"));
const versionFile = join(clone, "workers/rules/config.ts");
const withinMs = 60_000;

let product: Product;
let person: Person;
let environmentId: string;
let phone: Terminal;
let desk: TerminalPeer;
/** What runs the version through which everybody came. */
let first: number[];

beforeAll(async () => {
  cloneRepository(clone);
  product = await startProduct({ root: clone });
  person = await register(product.url);
  environmentId = (await person.createEnvironment()).id;
  phone = await person.openTerminal(environmentId);
  const address = `${product.url.replace("http", "ws")}/api/v1/ws/terminal/${environmentId}`;
  desk = new TerminalPeer({ address, token: person.token, cols: 80, rows: 24 });
  await echoes("begun");
  first = serverWorkerds();
}, 200_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => console.log(product.log().slice(-6_000)));
});

afterAll(async () => {
  desk?.close();
  await product?.stop();
  rmSync(clone, { recursive: true, force: true });
});

/** Types a command on one terminal and reads what it prints on both, the desk's of version 2 included. */
async function echoes(word: string): Promise<void> {
  phone.type(`clear; echo ${word}\r`);
  const isShown = new RegExp(`^${word}$`, "m");
  await Promise.all([
    phone.sees(isShown),
    vi.waitFor(async () => expect(await desk.screen()).toMatch(isShown), { timeout: 20_000 }),
  ]);
}

async function servedVersion(): Promise<string> {
  const response = await fetch(`${product.url}/health`);
  return ((await response.json()) as { version: string }).version;
}

/** Changes the Worker's code and types, line by line, until the change is served. */
async function redeploy(version: string): Promise<void> {
  const text = readFileSync(versionFile, "utf8");
  const changed = text.replace(/serviceVersion = ".*"/, `serviceVersion = "${version}"`);
  expect(changed).not.toBe(text);
  writeFileSync(versionFile, changed);
  let isServed = false;
  const serving = vi
    .waitFor(async () => expect(await servedVersion()).toBe(version), { timeout: withinMs })
    .finally(() => {
      isServed = true;
    });
  for (let line = 1; !isServed; line += 1) await echoes(`${version.replaceAll(".", "-")}-line-${line}`);
  await serving;
}

/** The processes that run a version of the Worker, or stand before it. */
function serverWorkerds(): number[] {
  const port = new URL(product.url).port;
  const server = descendant(product.process.pid ?? 0, new RegExp(`wrangler-dist/cli.js dev .*--port ${port} `));
  const group = descendants(server.pid).filter(({ command }) => /\/workerd serve/.test(command));
  return group.map(({ pid }) => pid);
}

const times = (text: string) => product.log().split(text).length - 1;

it("cuts no shell and no bridge, however often", { timeout: 3 * withinMs }, async () => {
  for (const version of ["2.0.0", "2.0.1"]) {
    const before = serverWorkerds();
    await redeploy(version);
    expect(serverWorkerds().filter((pid) => !before.includes(pid))).toHaveLength(1);
  }
  await echoes("still-here");
  expect(phone.socket.readyState).toBe(phone.socket.OPEN);
  expect(Object.fromEntries(desk.counts)).toMatchObject({ dial: 1, welcome: 1 });
  expect(desk.uncertain).toEqual([]);
  expect([times('"msg":"viewer left"'), times('"msg":"link left"'), times('"msg":"link connected"')]).toEqual([
    0, 0, 1,
  ]);
});

it("serves everybody who comes, at the same shell", async () => {
  phone.type("clear; echo shell=$$.\r");
  const [shell = ""] = /shell=\d+\./.exec(await phone.sees(/shell=\d+\./)) ?? [];
  const newcomer = await person.openTerminal(environmentId);
  newcomer.type("clear; echo again-shell=$$.\r");
  expect(await newcomer.sees(/again-shell=\d+\./)).toContain(`again-${shell}`);
  await newcomer.close();
});

it("lets the old version go with its last socket", async () => {
  const isAlive = (pid: number) => existsSync(`/proc/${pid}`);
  expect(first.filter(isAlive)).toHaveLength(2);
  desk.close();
  await phone.close();
  const connected = times('"msg":"link connected"');
  process.kill(descendant(product.process.pid ?? 0, /bridge\/main\.ts/).pid, "SIGKILL");
  await vi.waitUntil(() => times('"msg":"link connected"') > connected, { timeout: withinMs });
  await vi.waitUntil(() => first.filter(isAlive).length === 1, { timeout: withinMs });
});
