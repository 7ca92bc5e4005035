/** Alternating rounds of several contestants: latency, throughput and the processor time of the process that answers. */
import { cpuMilliseconds } from "../cpu.ts";
import { median, type RoundsSummary, rotated, summarizeRounds } from "../statistics.ts";
import { type Call, load, warmUp } from "./load.ts";

export interface Player {
  name: string;
  calls: readonly Call[];
  /** The process whose work is counted. */
  pid: number;
}

export interface Measured extends RoundsSummary {
  name: string;
  perSecond: number;
  /** Processor milliseconds a request: user and system mode, all threads. */
  cpuMs: number;
  /** Of each round, for comparison with another player's in the same round. */
  p50OfRounds: readonly number[];
  cpuMsOfRounds: readonly number[];
}

interface Round {
  latenciesMs: readonly number[];
  perSecond: number;
  cpuMs: number;
}

/** Warms everybody up, then lets them take turns, each round beginning with another. Throws when an answer is wrong. */
export async function alternate(
  players: readonly Player[],
  options: { rounds: number; seconds: number; warmUpCalls: number },
): Promise<Measured[]> {
  const rounds = new Map(players.map(({ name }) => [name, [] as Round[]]));
  for (const { calls } of players) await warmUp(calls, options.warmUpCalls);
  for (let round = 0; round < options.rounds; round += 1) {
    for (const player of rotated(players, round)) rounds.get(player.name)?.push(await play(player, options.seconds));
  }
  return [...rounds].map(([name, played]) => summary(name, played));
}

async function play({ calls, pid }: Player, seconds: number): Promise<Round> {
  const before = cpuMilliseconds(pid);
  const { latenciesMs, perSecond } = await load(calls, seconds);
  return { latenciesMs, perSecond, cpuMs: (cpuMilliseconds(pid) - before) / latenciesMs.length };
}

function summary(name: string, rounds: readonly Round[]): Measured {
  const cpuMsOfRounds = rounds.map(({ cpuMs }) => cpuMs);
  return {
    name,
    ...summarizeRounds(rounds.map(({ latenciesMs }) => latenciesMs)),
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    cpuMs: median(cpuMsOfRounds),
    p50OfRounds: rounds.map(({ latenciesMs }) => median(latenciesMs)),
    cpuMsOfRounds,
  };
}
