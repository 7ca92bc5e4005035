/** Files through everything of `npm run dev`, beside a plain HTTP server, and what a transfer does to an echo meanwhile. */
import { join } from "node:path";
import { script, startChild } from "../child.ts";
import { silence, typeKeys } from "../echo.ts";
import { memoryByPart } from "../memory.ts";
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
  dataDirectory: string;
  floor: Store;
  ours: Store;
  openTerminal(): ReturnType<typeof openSocketTerminal>;
}

/** One product and one plain server, in alternating rounds. */
export async function files(options: BenchOptions): Promise<Table[]> {
  const directory = scratchDirectory();
  const dataDirectory = join(directory.path, "dev");
  const plain = await startChild(script("test/bench/files/floor-server.ts", join(directory.path, "floor")));
  const product = await startDev(dataDirectory);
  try {
    const { token } = await signUp(product.url);
    const id = await createEnvironment(product.url, token, "files");
    const ground: Ground = {
      ...{ product, dataDirectory },
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

/** Keys while nothing else moves, while files go up and while they come down, in alternating rounds. */
async function echoBeside(ground: Ground, content: Content, options: BenchOptions): Promise<Table> {
  const situations: { name: string; move: (() => Promise<number>) | null }[] = [
    { name: "nothing", move: null },
    { name: "file up", move: () => putFile(ground.ours, content) },
    { name: "file down", move: () => getFile(ground.ours, content) },
  ];
  const terminal = await ground.openTerminal();
  await silence(terminal);
  const rounds = new Map(situations.map(({ name }) => [name, [] as number[][]]));
  for (let round = 0; round < options.rounds; round += 1) {
    for (const { name, move } of rotated(situations, round)) {
      const typed = typeKeys(terminal, [terminal], options.keysPerRound);
      await Promise.all([typed.then((times) => rounds.get(name)?.push(times)), move && moveUntil(move, typed)]);
    }
  }
  await terminal.close();
  const results = situations.map(({ name }) => ({ name, ...summarizeRounds(rounds.get(name) ?? []) }));
  return {
    title: "Echo of a key beside a file",
    note: `Through the same environment's terminal; one file of ${content.length / mebibyte} MiB after the other for as long as somebody types. The client, the Worker and the bridge share this machine's processors.`,
    columns: ["beside", "p50", "p99", "p50 / alone", "p99 / alone", "p50 of the rounds"],
    rows: results.map((result) => latencyCells(result, results[0])),
  };
}

async function moveUntil(move: () => Promise<number>, over: Promise<unknown>): Promise<void> {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  over.then(end, end);
  while (!isOver) await move();
}

/** How much more the parts that bytes pass have at most than at the beginning. */
function watchMemory({ product, dataDirectory }: Ground): { end(): string } {
  const parts = ["workerd", "bridge", "wrangler"];
  const sample = () => {
    const memory = memoryByPart(product.pid, dataDirectory);
    return parts.map((part) => memory.get(part)?.rssMegabytes ?? 0);
  };
  const before = sample();
  let most = before;
  const timer = setInterval(() => {
    most = sample().map((now, part) => Math.max(now, most[part] ?? 0));
  }, memoryEveryMs);
  const end = () => {
    clearInterval(timer);
    return parts.map((part, at) => `${part} ${figure((most[at] ?? 0) - (before[at] ?? 0))} MB`).join(", ");
  };
  return { end };
}
