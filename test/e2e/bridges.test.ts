/**
 * Two bridges of one cluster at the real edge, over one tmux: the product's own and one more process. They share what runs, and
 * when one drains or is killed the other takes its terminals, of which nobody's socket closes and nothing typed is doubled.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { bridgeOf } from "../../durable-objects/protocol/placement.ts";
import { mainWindow, terminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { root } from "../support/source-tree.ts";
import { TerminalPeer } from "../support/terminal-peer.ts";
import { register } from "./support/person.ts";
import { type Product, startProduct } from "./support/product.ts";

const within = { timeout: 60_000, interval: 20 };

interface OtherBridge {
  id: string;
  child: ChildProcess;
  log(): string;
}

interface Place {
  terminal: string;
  phone: TerminalPeer;
  /** What the shell was told, line by line. */
  lines(): string[];
}

describe("two bridges of one cluster", { timeout: 180_000 }, () => {
  let product: Product;
  let own: string;
  let other: OtherBridge;
  const phones: TerminalPeer[] = [];
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    product = await startProduct();
    own = idIn(await product.printed(/"bridge_id":"/)) ?? "";
    other = await startOther();
  }, 200_000);
  /** Some tests end it, whatever becomes of them. */
  beforeEach(async () => {
    if (hasEnded(other.child)) other = await startOther();
  });
  afterAll(async () => {
    for (const phone of phones) phone.close();
    for (const child of children) {
      if (hasEnded(child)) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await product?.stop();
  });

  /** One more of the same cluster, linked. */
  async function startOther(): Promise<OtherBridge> {
    const secrets: { BRIDGE_TOKEN: string } = JSON.parse(
      readFileSync(join(product.dataDirectory, "secrets.json"), "utf8"),
    );
    const variables = { DEVPOCKET_URL: product.url, DEVPOCKET_DATA_DIR: product.dataDirectory, ...secrets };
    const child = spawn(process.execPath, [join(root, "bridge/main.ts")], {
      cwd: tmpdir(),
      env: { PATH: process.env["PATH"] ?? "", ENVIRONMENT: "development", ...variables },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await vi.waitUntil(() => text.includes('"link connected"'), within);
    return { id: idIn(text) ?? "", child, log: () => text };
  }

  /** An environment that this bridge serves, of a person of its own, with a phone at its shell. */
  async function placeOn(bridge: string): Promise<Place> {
    for (;;) {
      const person = await register(product.url);
      const { id } = await person.createEnvironment();
      if (bridgeOf(id, [own, other.id]) !== bridge) continue;
      const address = `${product.url.replace("http", "ws")}/api/v1/ws/terminal/${id}`;
      const phone = new TerminalPeer({ address, token: person.token, cols: 80, rows: 24 });
      phones.push(phone);
      const path = join(product.dataDirectory, "environments", id, "workspace", "lines");
      const lines = () => (existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : []);
      return { terminal: terminalId(id, mainWindow), phone, lines };
    }
  }

  /** Types line after line until this has happened and some more have arrived. Returns how many. */
  async function typeThrough(place: Place, name: string, happening: Promise<unknown>): Promise<string[]> {
    const typed: string[] = [];
    const typeOne = async () => {
      const line = `${name}-${typed.length}`;
      typed.push(line);
      place.phone.type(`echo ${line} >> lines\r`);
      await vi.waitUntil(() => place.lines().includes(line) || isUncertain(place, line), within);
    };
    let hasHappened = false;
    const watched = happening.finally(() => {
      hasHappened = true;
    });
    while (!hasHappened) await typeOne();
    await watched;
    for (let more = 0; more < 3; more += 1) await typeOne();
    return typed;
  }

  /** What was typed has arrived once, in its order; of what nobody knows, at most once. */
  function expectOnce(place: Place, typed: string[]): void {
    const arrived = place.lines().filter((line) => typed.includes(line));
    expect(new Set(arrived).size).toBe(arrived.length);
    expect(arrived).toEqual(typed.filter((line) => arrived.includes(line)));
    expect(typed.filter((line) => !arrived.includes(line) && !isUncertain(place, line))).toEqual([]);
    expect(typed.slice(-3).every((line) => arrived.includes(line))).toBe(true);
  }

  const isAttached = (log: string, { terminal }: Place) => attached(log, terminal) > 0;

  it("share what runs: each has its own terminals, and neither the other's", async () => {
    const [here, there] = [await placeOn(own), await placeOn(other.id)];
    const nothing = Promise.resolve();
    for (const place of [here, there]) expectOnce(place, await typeThrough(place, "shared", nothing));
    await vi.waitUntil(() => isAttached(product.log(), here) && isAttached(other.log(), there), within);
    expect([here, there].map(({ terminal }) => attached(product.log(), terminal))).toEqual([1, 0]);
    expect([here, there].map(({ terminal }) => attached(other.log(), terminal))).toEqual([0, 1]);
  });

  it("hand over when one is told to end, and no phone's socket closes", async () => {
    const place = await placeOn(other.id);
    await vi.waitUntil(() => isAttached(other.log(), place), within);
    other.child.kill("SIGTERM");
    const isMoved = () => hasEnded(other.child) && isAttached(product.log(), place);
    expectOnce(place, await typeThrough(place, "drained", vi.waitUntil(isMoved, within)));
    expect(other.child.exitCode).toBe(0);
    expect(place.phone.counts.get("dial")).toBe(1);
  });

  it("move the terminals of one that is killed, in the middle of what is typed", async () => {
    const place = await placeOn(other.id);
    const before = await typeThrough(
      place,
      "before",
      vi.waitUntil(() => isAttached(other.log(), place), within),
    );
    other.child.kill("SIGKILL");
    const moved = vi.waitUntil(() => isAttached(product.log(), place), within);
    expectOnce(place, [...before, ...(await typeThrough(place, "killed", moved))]);
    expect(place.phone.counts.get("dial")).toBe(1);
  });
});

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function idIn(log: string): string | undefined {
  return /"bridge_id":"([^"]+)"/.exec(log)?.[1];
}

function attached(log: string, terminal: string): number {
  return log.split("\n").filter((line) => line.includes("terminal attached") && line.includes(terminal)).length;
}

function isUncertain({ phone }: Place, line: string): boolean {
  return phone.uncertain.some(({ data }) => data.includes(`echo ${line} `));
}
