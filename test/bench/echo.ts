/** Echo of single keys: typed 20 ms apart into a program that prints nothing, so that the tty itself answers. */
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { type BenchOptions, baseName } from "./options.ts";
import { figure, latencyCells, type Table } from "./report.ts";
import { type RoundsSummary, rotated, summarizeRounds } from "./statistics.ts";
import { type BenchTerminal, type Contestant, run } from "./terminals/terminal.ts";

const keyGapMs = 20;
const keysPerLine = 60;
const alphabet = "abcdefghijklmnopqrstuvwxyz";

/** Runs the contestants in alternating rounds, one typist and one viewer each. */
export async function echo(contestants: readonly Contestant[], options: BenchOptions): Promise<Table> {
  const results = await echoTimes(contestants, options);
  const base = options.contestants.includes(baseName) ? results[0] : undefined;
  return {
    title: "Echo of a key",
    note: `Keys ${keyGapMs} ms apart, ms from the write to the arrival of the echo; medians of ${options.rounds} alternating rounds of ${options.keysPerRound} keys.`,
    columns: ["contestant", "p50", "p99", "p50 / floor", "p99 / floor", "p50 of the rounds", "added p50"],
    rows: results.map((result) => [...latencyCells(result, base), figure(result.p50 - (base?.p50 ?? Number.NaN))]),
  };
}

/** The same as numbers, in the order of the contestants. */
export async function echoTimes(
  contestants: readonly Contestant[],
  options: Pick<BenchOptions, "rounds" | "keysPerRound">,
): Promise<(RoundsSummary & { name: string })[]> {
  const players = await Promise.all(contestants.map(async ({ name, open }) => ({ name, terminal: await open() })));
  const rounds = new Map(players.map(({ name }) => [name, [] as number[][]]));
  for (const { terminal } of players) await silence(terminal);
  for (let round = 0; round < options.rounds; round += 1) {
    for (const { name, terminal } of rotated(players, round)) {
      rounds.get(name)?.push(await typeKeys(terminal, [terminal], options.keysPerRound));
    }
  }
  for (const { terminal } of players) await terminal.close();
  return [...rounds].map(([name, samples]) => ({ name, ...summarizeRounds(samples) }));
}

/** Leaves the shell in a program that reads everything and prints nothing. */
export async function silence(terminal: BenchTerminal): Promise<void> {
  await run(terminal, "clear");
  terminal.write("cat >/dev/null\r");
  await sleep(300);
}

/** Ends that program and waits for the prompt's answer. */
export async function unsilence(terminal: BenchTerminal): Promise<void> {
  terminal.write("\u0003");
  await run(terminal, "true");
}

/** Types and returns the time of every key on every watching terminal, in ms; a key that never comes back throws. */
export async function typeKeys(
  typist: BenchTerminal,
  watching: readonly BenchTerminal[],
  keys: number,
): Promise<number[]> {
  const watchers = watching.map(watch);
  const start = performance.now();
  for (let key = 0; key < keys; key += 1) {
    await sleep(Math.max(0, start + key * keyGapMs - performance.now()));
    if (key > 0 && key % keysPerLine === 0) typist.write("\r");
    const character = alphabet[key % alphabet.length] as string;
    for (const watcher of watchers) watcher.expect(character, performance.now());
    typist.write(character);
  }
  return (await Promise.all(watchers.map((watcher) => watcher.settled(5_000)))).flat();
}

/** Matches arriving characters against the typed ones in their order; what is drawn around them is passed over. */
function watch(terminal: BenchTerminal) {
  const pending: { character: string; sentAtMs: number }[] = [];
  const latencies: number[] = [];
  let finish = () => {};
  const stop = terminal.onText((text, atMs) => {
    for (const character of stripVTControlCharacters(text)) {
      if (pending[0]?.character !== character) continue;
      latencies.push(atMs - (pending.shift()?.sentAtMs ?? atMs));
    }
    if (pending.length === 0) finish();
  });
  const settled = async (withinMs: number) => {
    const everything = new Promise<void>((resolve) => {
      finish = resolve;
      if (pending.length === 0) resolve();
    });
    const isLate = await Promise.race([everything.then(() => false), sleep(withinMs, true, { ref: false })]);
    stop();
    if (isLate) throw new Error(`${pending.length} keys never came back, the first ${JSON.stringify(pending[0])}`);
    return latencies;
  };
  return { expect: (character: string, sentAtMs: number) => pending.push({ character, sentAtMs }), settled };
}
