/** Requests a second and latency of the API, beside a no-op and a bare query in the same runtime. */
import { connection, type LoadResult, load } from "./http/load.ts";
import type { Route } from "./http/routes.ts";
import type { BenchOptions } from "./options.ts";
import { figure, range, ratio, type Table } from "./report.ts";
import { median, type RoundsSummary, rotated, summarizeRounds } from "./statistics.ts";

const connectionCounts = [1, 20] as const;

interface Result extends RoundsSummary {
  route: string;
  connections: number;
  perSecond: number;
}

/** Loads the routes in alternating rounds, at one and at many connections; any answer but a 200 throws. */
export async function requests(routes: readonly Route[], options: BenchOptions): Promise<Table> {
  const results: Result[] = [];
  for (const connections of connectionCounts) results.push(...(await atConnections(connections, routes, options)));
  return {
    title: "HTTP",
    note: "Closed loop over kept-alive connections, ms. Round trips = (p50 - no-op) / (select 1 - no-op) at the same number of connections: what the route costs in units of one query through the same driver, its own computing included.",
    columns: ["route", "connections", "requests/s", "p50", "p99", "p50 / no-op", "round trips", "p50 of the rounds"],
    rows: results.map((result) => row(result, results)),
  };
}

async function atConnections(connections: number, routes: readonly Route[], options: BenchOptions): Promise<Result[]> {
  const lanes = Array.from({ length: connections }, connection);
  const players = await Promise.all(
    routes.map(async (route) => ({
      route: route.name,
      calls: await Promise.all(lanes.map(({ send }) => route.prepare(send))),
      rounds: [] as LoadResult[],
    })),
  );
  for (const { calls } of players) await load(calls, 0.3); // first calls compile code and open connections
  for (let round = 0; round < options.rounds; round += 1) {
    for (const player of rotated(players, round))
      player.rounds.push(await load(player.calls, options.secondsPerHttpRound));
  }
  for (const lane of lanes) lane.close();
  return players.map(({ route, rounds }) => ({
    route,
    connections,
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    ...summarizeRounds(rounds.map(({ latenciesMs }) => latenciesMs)),
  }));
}

function row(result: Result, all: readonly Result[]): string[] {
  const p50Of = (route: string) =>
    all.find((other) => other.route === route && other.connections === result.connections)?.p50 ?? Number.NaN;
  const noOp = p50Of("no-op");
  return [
    result.route,
    String(result.connections),
    figure(result.perSecond),
    figure(result.p50),
    figure(result.p99),
    ratio(result.p50, noOp),
    figure((result.p50 - noOp) / (p50Of("select 1") - noOp)),
    range(result.p50Range),
  ];
}
