/** What a soak plays with: the product, a shell that floods and keeps what is typed, and its clients. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openStreamCheck, type StreamCheck } from "../bench/targets/stream-check.ts";
import { descendant, serverWorkerd } from "../e2e/support/processes.ts";
import { type Product, startProduct } from "../e2e/support/product.ts";
import { openSlowLink, type SlowLink } from "../support/slow-link.ts";
import { TerminalPeer } from "../support/terminal-peer.ts";

const size = { cols: 80, rows: 24 };
/** Prints in bursts until a file says stop, while what is typed goes to a file as it comes. */
const program = [
  "(while [ ! -e stop ]; do seq -f 'é€😀日本 %06.0f' 1 300; sleep 0.1; done; touch stopped) &",
  "stty raw -echo; touch ready; cat > typed",
].join(" ");

export interface Scene {
  product: Product;
  typists: Record<"a" | "b", TerminalPeer>;
  stalling: TerminalPeer;
  slow: TerminalPeer;
  stream: StreamCheck;
  peers: TerminalPeer[];
  newPeer(): TerminalPeer;
  typed(): string;
  /** Ends the flood and resolves when the last of it was printed. */
  endFlood(): Promise<void>;
  kill(part: "bridge" | "server"): void;
  close(): Promise<void>;
}

export async function openScene(): Promise<Scene> {
  const product = await startProduct();
  const { token, environmentId } = await newEnvironment(product.url);
  const workspace = join(product.dataDirectory, "environments", environmentId, "workspace");
  const port = Number(new URL(product.url).port);
  const link = await openSlowLink({ host: "127.0.0.1", port, bytesPerSecond: 100_000, delayMs: 25 });
  const stream = openStreamCheck();
  const newPeer = (at = port) =>
    new TerminalPeer(
      { address: `ws://127.0.0.1:${at}/api/v1/ws/terminal/${environmentId}`, token, ...size },
      { onFrame: stream.viewer() },
    );
  const [a, b, stalling, slow] = [newPeer(), newPeer(), newPeer(), newPeer(link.port)];
  const peers = [a, b, stalling, slow];
  a.type(`${program}\r`);
  await until("the program runs", () => existsSync(join(workspace, "ready")));
  return {
    product,
    typists: { a, b },
    stalling,
    slow,
    stream,
    peers,
    newPeer,
    typed: () => readFileSync(join(workspace, "typed"), "utf8"),
    endFlood: async () => {
      writeFileSync(join(workspace, "stop"), "");
      await until("the flood has ended", () => existsSync(join(workspace, "stopped")));
    },
    kill: (part) => {
      const pid = product.process.pid ?? 0;
      const victim = part === "bridge" ? descendant(pid, /bridge\/main\.ts/).pid : serverWorkerd(pid, product.url);
      process.kill(victim, "SIGKILL");
    },
    close: () => closeScene(peers, link, product),
  };
}

async function closeScene(peers: readonly TerminalPeer[], link: SlowLink, product: Product): Promise<void> {
  for (const peer of peers) peer.close();
  await link.close();
  await product.stop();
}

async function newEnvironment(url: string): Promise<{ token: string; environmentId: string }> {
  const account = { username: "admin", password: "AdminPassword123!" };
  const { access_token: token } = await post<{ access_token: string }>(`${url}/api/v1/auth/login`, account);
  const wanted = { name: "soak", template: "python" };
  const { id } = await post<{ id: string }>(`${url}/api/v1/environments`, wanted, token);
  return { token, environmentId: id };
}

async function post<Body>(url: string, body: object, token?: string): Promise<Body> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { "content-type": "application/json", ...authorization };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Body;
}

/** Looks every 50 ms; throws after a minute. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  const endsAtMs = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > endsAtMs) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await delay(50);
  }
}
