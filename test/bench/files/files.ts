/** Files through everything of `npm run dev`, beside a plain HTTP server, and what a transfer does to an echo meanwhile. */
import { join } from "node:path";
import { descendants } from "../../e2e/support/processes.ts";
import { script, startChild } from "../child.ts";
import { silence, typeKeys } from "../echo.ts";
import { residentMegabytes } from "../memory.ts";
import type { BenchOptions } from "../options.ts";
import { createEnvironment, signUp, terminalAddress } from "../products/account.ts";
import { type DevProduct, startDev } from "../products/dev.ts";
import { figure, latencyCells, range, ratio, type Table } from "../report.ts";
import { scratchDirectory } from "../scratch.ts";
import { median, rotated, summarizeRounds } from "../statistics.ts";
import { openSocketTerminal } from "../terminals/socket-terminal.ts";
import { Content, getFile, putFile, type Store } from "./stores.ts";

const mebibyte = 2 ** 20;
const memoryEveryMs = 100;

interface Ground {
  product: DevProduct;
  floor: Store;
  ours: Store;
  openTerminal(): ReturnType<typeof openSocketTerminal>;
}

/** One product and one plain server, in alternating rounds. */
export async function files(options: BenchOptions): Promise<Table[]> {
  const directory = scratchDirectory();
  const plain = await startChild(script("test/bench/files/floor-server.ts", join(directory.path, "floor")));
  const product = await startDev(join(directory.path, "dev"));
  try {
    const { token } = await signUp(product.url);
    const id = await createEnvironment(product.url, token, "files");
    const ground: Ground = {
      product,
      floor: { name: "floor", url: plain.announced, headers: {} },
      ours: {
        name: "ours: npm run dev",
        url: `${product.url}/api/v1/environments/${id}/files/content?path=bench`,
        headers: { authorization: `Bearer ${token}` },
      },
      openTerminal: () => openSocketTerminal(terminalAddress(product.url, id, token)),
    };
    const content = new Content(options.fileMegabytes * mebibyte);
    return [await speeds(ground, content, options), await echoBeside(ground, content, options)];
  } finally {
    await product.stop();
    await plain.stop();
    directory.remove();
  }
}

async function speeds(ground: Ground, content: Content, { rounds }: BenchOptions): Promise<Table> {
  const stores = [ground.floor, ground.ours];
  const times = new Map(stores.map(({ name }) => [name, { up: [] as number[], down: [] as number[] }]));
  const memory = watchMemory(ground);
  for (let round = 0; round < rounds; round += 1) {
    for (const store of rotated(stores, round)) {
      times.get(store.name)?.up.push(await putFile(store, content));
      times.get(store.name)?.down.push(await getFile(store, content));
    }
  }
  const grown = memory.end();
  const base = times.get(ground.floor.name);
  const row = (name: string, way: "up" | "down") => {
    const speed = (milliseconds: number) => content.length / mebibyte / (milliseconds / 1_000);
    const all = (times.get(name)?.[way] ?? []).map(speed);
    const floor = median((base?.[way] ?? []).map(speed));
    return [name, way, figure(median(all)), ratio(median(all), floor), range([Math.min(...all), Math.max(...all)])];
  };
  return {
    title: "Files",
    note: `${content.length / mebibyte} MiB, MiB/s; medians of ${rounds} alternating rounds. Most that the product's processes grew by meanwhile: ${grown}.`,
    columns: ["store", "way", "MiB/s", "/ floor", "of the rounds"],
    rows: stores.flatMap(({ name }) => [row(name, "up"), row(name, "down")]),
  };
}

/** What moves while somebody types: nothing, or one file after the other. */
interface Beside {
  name: string;
  mover?: [string, ...string[]];
}

/** The plain server's files pass nothing of ours: what they do to an echo is the machine's doing. */
function neighbours({ floor, ours }: Ground, content: Content): Beside[] {
  const moving = [floor, ours].flatMap((store) =>
    ["up", "down"].map((way) => ({ name: `files ${way}, ${store.name}`, mover: moverOf(way, content, store) })),
  );
  return [{ name: "nothing" }, ...moving];
}

/** Keys beside each of these, in alternating rounds. */
async function echoBeside(ground: Ground, content: Content, options: BenchOptions): Promise<Table> {
  const all = neighbours(ground, content);
  const terminal = await ground.openTerminal();
  await silence(terminal);
  const rounds = new Map(all.map(({ name }) => [name, [] as number[][]]));
  for (let round = 0; round < options.rounds; round += 1) {
    for (const { name, mover } of rotated(all, round)) {
      const moving = mover && (await startChild(mover));
      rounds.get(name)?.push(await typeKeys(terminal, [terminal], options.keysPerRound));
      await moving?.stop();
    }
  }
  await terminal.close();
  const results = [...rounds].map(([name, times]) => ({ name, ...summarizeRounds(times) }));
  return {
    title: "Echo of a key beside a file",
    note: `Through the same environment's terminal; one file of ${content.length / mebibyte} MiB after the other for as long as somebody types. Who types and who moves are processes of their own, but all share this machine's processors: the floor's files pass nothing of ours.`,
    columns: ["beside", "p50", "p99", "p50 / alone", "p99 / alone", "p50 of the rounds"],
    rows: results.map((result) => latencyCells(result, results[0])),
  };
}

function moverOf(way: string, { length }: Content, { url, headers }: Store): [string, ...string[]] {
  return script("test/bench/files/mover.ts", way, String(length), url, String(headers["authorization"] ?? ""));
}

/** How much more the processes that bytes pass have at most than at the beginning. */
function watchMemory({ product }: Ground): { end(): string } {
  const all = descendants(product.pid);
  const parts = [/\bworkerd\b/, /bridge\/main\.ts/].map((pattern) =>
    all.filter(({ command }) => pattern.test(command)),
  );
  const sample = () => parts.map((part) => part.reduce((sum, { pid }) => sum + residentMegabytes(pid), 0));
  const before = sample();
  let most = before;
  const timer = setInterval(() => {
    most = sample().map((now, part) => Math.max(now, most[part] ?? 0));
  }, memoryEveryMs);
  const end = () => {
    clearInterval(timer);
    const [workerd, bridge] = most.map((now, part) => figure(now - (before[part] ?? 0)));
    return `workerd ${workerd} MB, bridge ${bridge} MB`;
  };
  return { end };
}
