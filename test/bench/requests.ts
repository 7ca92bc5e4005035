/** Requests a second, latency and processor time of the API, beside bare handlers in the same Worker. */
import { type Call, connection } from "./http/load.ts";
import { alternate, type Measured } from "./http/rounds.ts";
import type { Route } from "./http/routes.ts";
import type { BenchOptions } from "./options.ts";
import { figure, range, ratio, type Table } from "./report.ts";
import { median } from "./statistics.ts";

const connectionCounts = [1, 20, 100] as const;

interface Result extends Measured {
  route: Route;
  connections: number;
}

/** Loads the routes in alternating rounds; any answer but a 200 throws. `pid` is the workerd that runs the Worker. */
export async function requests(routes: readonly Route[], pid: number, options: BenchOptions): Promise<Table[]> {
  const results: Result[] = [];
  for (const connections of connectionCounts) results.push(...(await atConnections(connections, routes, pid, options)));
  return [requestsTable(results), addedTable(results)];
}

async function atConnections(
  connections: number,
  routes: readonly Route[],
  pid: number,
  options: BenchOptions,
): Promise<Result[]> {
  const lanes = Array.from({ length: connections }, connection);
  const players = [];
  for (const route of routes) {
    const calls: Call[] = [];
    for (const [lane, { send }] of lanes.entries()) calls.push(await route.prepare(send, lane));
    players.push({ name: route.name, calls, pid });
  }
  const { rounds, secondsPerHttpRound: seconds, warmUpCalls } = options;
  const measured = await alternate(players, { rounds, seconds, warmUpCalls });
  for (const lane of lanes) lane.close();
  return measured.flatMap((result) => {
    const route = routes.find(({ name }) => name === result.name);
    return route === undefined ? [] : [{ ...result, route, connections }];
  });
}

function requestsTable(results: readonly Result[]): Table {
  const noOp = (result: Result) =>
    results.find((other) => other.name === "no-op" && other.connections === result.connections)?.p50;
  return {
    title: "HTTP",
    note: "Closed loop over kept-alive connections, ms. Round trips = how often a request asks the database. `bare` = a handler in the same Worker that sends the same queries through the same driver and answers the rows. CPU = of the workerd that runs the Worker, a request, the product's work after the answer included.",
    columns: [
      "route",
      "round trips",
      "connections",
      "requests/s",
      "p50",
      "p99",
      "CPU",
      "p50 / no-op",
      "p50 of the rounds",
    ],
    rows: results.map((result) => [
      result.name,
      String(result.route.roundTrips),
      String(result.connections),
      figure(result.perSecond),
      figure(result.p50),
      figure(result.p99),
      figure(result.cpuMs),
      ratio(result.p50, noOp(result)),
      range(result.p50Range),
    ]),
  };
}

/** The differences are taken within each round, where both had the same neighbours. */
function addedTable(results: readonly Result[]): Table {
  const rows = results.flatMap((result) => {
    const { bareName } = result.route;
    const bare = results.find(({ name, connections }) => name === bareName && connections === result.connections);
    if (bare === undefined) return [];
    const p50 = differences(result.p50OfRounds, bare.p50OfRounds);
    const cpu = differences(result.cpuMsOfRounds, bare.cpuMsOfRounds);
    return [
      [
        result.name,
        String(result.connections),
        figure(median(p50)),
        range([Math.min(...p50), Math.max(...p50)]),
        figure(median(cpu)),
        range([Math.min(...cpu), Math.max(...cpu)]),
      ],
    ];
  });
  return {
    title: "What the product adds to a bare handler",
    note: "Median over the rounds of the difference to the bare handler with the same queries, ms. The target is 2.5 ms of p50 at one connection and 0.8 ms of CPU.",
    columns: ["route", "connections", "p50", "of the rounds", "CPU", "of the rounds"],
    rows,
  };
}

function differences(ours: readonly number[], base: readonly number[]): number[] {
  return ours.map((value, round) => value - (base[round] ?? Number.NaN));
}
