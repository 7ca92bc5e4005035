/** The cost of each middleware: the product's own, put on a bare handler one after the other. */
import type { BenchOptions } from "../options.ts";
import { figure, type Table } from "../report.ts";
import { median } from "../statistics.ts";
import { connection, expectOk } from "./load.ts";
import { alternate, type Measured } from "./rounds.ts";
import type { Target } from "./routes.ts";

const path = "/api/v1/auth/me";
const connections = 4;

/** One row a step: what a request costs by then, and what the step added. */
export async function middleware({ url, account }: Target, pid: number, options: BenchOptions): Promise<Table> {
  const headers = { authorization: `Bearer ${account.token}` };
  const names = (await (await fetch(`${url}/bench/steps?path=${path}`, { headers })).json()) as string[];
  const lanes = Array.from({ length: connections }, connection);
  const players = names.map((name, number) => {
    const step = `${url}/bench/step?path=${path}&number=${number}`;
    const calls = lanes.map(
      ({ send }) =>
        async () =>
          expectOk(name, await send({ method: "GET", url: step, headers })),
    );
    return { name, calls, pid };
  });
  const { rounds, secondsPerHttpRound: seconds, warmUpCalls } = options;
  const measured = await alternate(players, { rounds, seconds, warmUpCalls });
  for (const lane of lanes) lane.close();
  return {
    title: "Middleware",
    note: `GET /auth/me put together step by step, ${connections} connections, ms. The steps are what the product's router runs for this route, in its order. Added = median over the rounds of the difference to the step before; noise can make it negative.`,
    columns: ["step", "p50", "CPU", "added p50", "added CPU"],
    rows: measured.map((step, index) => row(step, measured[index - 1])),
  };
}

function row(step: Measured, before: Measured | undefined): string[] {
  const added = (ours: readonly number[], theirs: readonly number[] | undefined) =>
    theirs === undefined ? "-" : figure(median(ours.map((value, round) => value - (theirs[round] ?? Number.NaN))));
  return [
    step.name,
    figure(step.p50),
    figure(step.cpuMs),
    added(step.p50OfRounds, before?.p50OfRounds),
    added(step.cpuMsOfRounds, before?.cpuMsOfRounds),
  ];
}
