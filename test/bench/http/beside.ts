/** For information: what the two hottest reads cost as a bare Express handler over `pg` on Node. */
import { script, startChild } from "../child.ts";
import type { BenchOptions } from "../options.ts";
import { figure, range, type Table } from "../report.ts";
import { connection, expectOk } from "./load.ts";
import { alternate, type Measured } from "./rounds.ts";
import { queriesOf, type Target } from "./routes.ts";

const connectionCounts = [1, 20, 100] as const;
const reads = [
  { name: "/auth/me", path: "/api/v1/auth/me" },
  { name: "/environments", path: "/api/v1/environments" },
];

/** Starts one server a read, measures them and ends them. */
export async function besideExpress(
  { url, account }: Target,
  databaseUrl: string,
  options: BenchOptions,
): Promise<Table> {
  const servers = [];
  for (const { name, path } of reads) {
    const roundTrips = await queriesOf(url, path, { authorization: `Bearer ${account.token}` });
    const command = script("test/bench/http/express-server.ts", databaseUrl, JSON.stringify(roundTrips));
    servers.push({ name, child: await startChild(command) });
  }
  const results: { connections: number; measured: Measured }[] = [];
  for (const connections of connectionCounts) {
    const lanes = Array.from({ length: connections }, connection);
    const players = servers.map(({ name, child }) => ({
      name,
      pid: child.pid,
      calls: lanes.map(
        ({ send }) =>
          async () =>
            expectOk(name, await send({ method: "GET", url: `${child.announced}/read` })),
      ),
    }));
    const { rounds, secondsPerHttpRound: seconds, warmUpCalls } = options;
    const measured = await alternate(players, { rounds, seconds, warmUpCalls });
    results.push(...measured.map((each) => ({ connections, measured: each })));
    for (const lane of lanes) lane.close();
  }
  for (const { child } of servers) await child.stop();
  return {
    title: "Beside: Express 5 and pg on Node",
    note: "The same queries, straight to Postgres: no proxy, no sign-in, no limits, no headers, ms. CPU = of the Node process.",
    columns: ["read", "connections", "requests/s", "p50", "p99", "CPU", "p50 of the rounds"],
    rows: results.map(({ connections, measured }) => [
      measured.name,
      String(connections),
      figure(measured.perSecond),
      figure(measured.p50),
      figure(measured.p99),
      figure(measured.cpuMs),
      range(measured.p50Range),
    ]),
  };
}
