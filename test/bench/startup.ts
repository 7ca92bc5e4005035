/** How long `npm run dev` takes to be ready, and what memory its parts and its terminals take. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Memory, memoryByPart } from "./memory.ts";
import type { BenchOptions } from "./options.ts";
import { createEnvironment, signIn, terminalAddress } from "./products/account.ts";
import { type DevProduct, startDev } from "./products/dev.ts";
import { figure, range, type Table } from "./report.ts";
import { scratchDirectory } from "./scratch.ts";
import { median } from "./statistics.ts";
import { openSocketTerminal } from "./terminals/socket-terminal.ts";
import { run } from "./terminals/terminal.ts";

const laterStarts = 3;
const settleMs = 3_000;
/** Of the seed data; its plan allows ten environments. */
const demo = { username: "demo@devpocket.app", password: "DemoPassword123!" };

type MemoryByPart = Map<string, Memory>;

/** Starts into a fresh data directory once and again a few times, then fills the last one with idle terminals. */
export async function startup(options: BenchOptions): Promise<Table[]> {
  const directory = scratchDirectory();
  let product: DevProduct | undefined;
  try {
    const seconds: number[] = [];
    for (let start = 0; start <= laterStarts; start += 1) {
      await product?.stop();
      product = await startDev(directory.path);
      seconds.push(product.startSeconds);
    }
    const memory = product ? await fillWithTerminals(product, directory.path, options.idleTerminals) : [];
    return [startTable(seconds), memoryTable(memory, options.idleTerminals)];
  } finally {
    await product?.stop();
    directory.remove();
  }
}

/** Memory as started, with `count` environments running unwatched, and with a terminal watching each. */
async function fillWithTerminals(product: DevProduct, dataDirectory: string, count: number): Promise<MemoryByPart[]> {
  const settled = async () => {
    await sleep(settleMs);
    return memoryByPart(product.pid, dataDirectory);
  };
  const started = await settled();
  const token = await signIn(product.url, demo);
  const ids: string[] = [];
  while (ids.length < count) ids.push(await createEnvironment(product.url, token, `bench ${ids.length}`));
  const filled = await settled();
  const addresses = ids.map((id) => terminalAddress(product.url, id, token));
  const terminals = await Promise.all(addresses.map((address) => openSocketTerminal(address)));
  await Promise.all(terminals.map((terminal) => run(terminal, "true")));
  const watched = await settled();
  await Promise.all(terminals.map((terminal) => terminal.close()));
  return [started, filled, watched];
}

function startTable([first = Number.NaN, ...later]: readonly number[]): Table {
  return {
    title: "Start-up",
    note: "From `npm run dev` to its `ready:` line, after the installation.",
    columns: ["start", "seconds", "range"],
    rows: [
      ["first, empty data directory", figure(first), "-"],
      [`later, median of ${later.length}`, figure(median(later)), range([Math.min(...later), Math.max(...later)])],
    ],
  };
}

function memoryTable([started, filled, watched]: readonly MemoryByPart[], count: number): Table {
  const names = [...new Set([...(started?.keys() ?? []), ...(watched?.keys() ?? [])])];
  const pss = (memory: MemoryByPart | undefined, name: string) => memory?.get(name)?.pssMegabytes ?? 0;
  const rows = names.map((name) => [
    name,
    String(started?.get(name)?.processes ?? 0),
    figure(started?.get(name)?.rssMegabytes ?? 0),
    figure(pss(started, name)),
    figure((pss(filled, name) - pss(started, name)) / count),
    figure((pss(watched, name) - pss(filled, name)) / count),
  ]);
  const sum = (column: number) => figure(rows.reduce((total, row) => total + Number(row[column]), 0));
  return {
    title: "Memory of `npm run dev`",
    note: `MB, ${settleMs / 1_000} s after the last event. PSS divides shared pages among their users. The last two columns are what each of ${count} running environments, and then each idle terminal on one, adds (PSS; garbage collection makes them rough).`,
    columns: ["part", "processes", "RSS", "PSS", "per environment", "per idle terminal"],
    rows: [...rows, ["sum", sum(1), sum(2), sum(3), sum(4), sum(5)]],
  };
}
