/** One typist, many viewers of the same terminal: how late is a key on all of their screens. */
import { silence, typeKeys } from "./echo.ts";
import { type BenchOptions, fanOutBaseName } from "./options.ts";
import { latencyCells, type Table } from "./report.ts";
import { rotated, summarizeRounds } from "./statistics.ts";
import { type BenchTerminal, type Contestant, run } from "./terminals/terminal.ts";

interface Audience {
  name: string;
  typist: BenchTerminal;
  viewers: BenchTerminal[];
  rounds: number[][];
}

/** Opens the viewers of every contestant that has a network, then lets one of them type in alternating rounds. */
export async function fanOut(contestants: readonly Contestant[], options: BenchOptions): Promise<Table> {
  const audiences: Audience[] = [];
  for (const contestant of contestants) audiences.push(await assemble(contestant, options.viewers));
  for (let round = 0; round < options.rounds; round += 1) {
    for (const audience of rotated(audiences, round)) {
      audience.rounds.push(await typeKeys(audience.typist, audience.viewers, options.keysPerRound));
    }
  }
  for (const { viewers } of audiences) await Promise.all(viewers.map((viewer) => viewer.close()));
  const results = audiences.map(({ name, rounds }) => ({ name, ...summarizeRounds(rounds) }));
  const base = options.contestants.includes(fanOutBaseName) ? results[0] : undefined;
  return {
    title: `Fan-out to ${options.viewers} viewers`,
    note: `One of ${options.viewers} viewers types, keys 20 ms apart; ms until the key is seen, over all viewers. The floor has no viewers; the peer is the base of the ratios.`,
    columns: ["contestant", "p50", "p99", "p50 / peer", "p99 / peer", "p50 of the rounds"],
    rows: results.map((result) => latencyCells(result, base)),
  };
}

async function assemble(contestant: Contestant, count: number): Promise<Audience> {
  const typist = await contestant.open();
  await run(typist, "true");
  const viewers = [typist];
  while (viewers.length < count) viewers.push(await contestant.open());
  await silence(typist);
  return { name: contestant.name, typist, viewers, rounds: [] };
}
