/** Logins: how many a second, and whether the time of a refusal tells if a name exists. */
import { randomBytes } from "node:crypto";
import type { BenchOptions } from "../options.ts";
import { figure, type Table } from "../report.ts";
import { distance, percentile, rotated } from "../statistics.ts";
import { connection, expectOk, type Send } from "./load.ts";
import { alternate, type Measured } from "./rounds.ts";
import { type Account, logIn, type Target } from "./routes.ts";

const connectionCounts = [1, 4, 20] as const;

/** Correct logins in a closed loop. Each costs one password hash, which the Worker computes one at a time. */
export async function loginThroughput({ url, account }: Target, pid: number, options: BenchOptions): Promise<Table> {
  const results: { connections: number; measured: Measured }[] = [];
  for (const connections of connectionCounts) {
    const lanes = Array.from({ length: connections }, connection);
    const calls = lanes.map(
      ({ send }) =>
        async () =>
          expectOk("login", await logIn(send, url, account)),
    );
    const [measured] = await alternate([{ name: "login", calls, pid }], {
      rounds: options.rounds,
      seconds: options.secondsPerHttpRound * 2,
      warmUpCalls: connections,
    });
    for (const lane of lanes) lane.close();
    if (measured !== undefined) results.push({ connections, measured });
  }
  return {
    title: "Logins",
    note: "Correct name and password, ms. One hash (scrypt, N=2^14, r=8, p=5) is worked on at a time, so more connections wait longer and get no more done.",
    columns: ["connections", "logins/s", "p50", "p99", "CPU"],
    rows: results.map(({ connections, measured: { perSecond, p50, p99, cpuMs } }) => [
      String(connections),
      figure(perSecond),
      figure(p50),
      figure(p99),
      figure(cpuMs),
    ]),
  };
}

/** Refusals of a wrong password and of an unknown name, in turns over one connection. */
export async function loginTimes({ url, account }: Target, options: BenchOptions): Promise<Table> {
  const { send, close } = connection();
  const word = () => `nobody-${randomBytes(6).toString("hex")}`;
  const kinds = [
    { name: "known name, wrong password", account: () => ({ ...account, password: word() }), times: [] as number[] },
    { name: "unknown name", account: () => ({ username: word(), password: word() }), times: [] as number[] },
  ];
  for (const { account: someone } of kinds) await refusedAfterMs(send, url, someone());
  for (let turn = 0; turn < options.refusedLogins; turn += 1) {
    for (const kind of rotated(kinds, turn)) kind.times.push(await refusedAfterMs(send, url, kind.account()));
  }
  close();
  const [known = [], unknown = []] = kinds.map(({ times }) => times);
  return {
    title: "Refused logins",
    note: `${options.refusedLogins} of each in turns, ms. The distance of the two distributions (Kolmogorov-Smirnov) is ${figure(distance(known, unknown))}; equal ones stay below ${figure(1.36 * Math.sqrt(2 / options.refusedLogins))} in 19 of 20 runs.`,
    columns: ["who", "p10", "p50", "p90"],
    rows: kinds.map(({ name, times }) => [name, ...[0.1, 0.5, 0.9].map((share) => figure(percentile(times, share)))]),
  };
}

async function refusedAfterMs(send: Send, url: string, account: Account): Promise<number> {
  const before = performance.now();
  const { status, body } = await logIn(send, url, account);
  if (status !== 401) throw new Error(`a wrong login answered ${status}: ${body.slice(0, 200)}`);
  return performance.now() - before;
}
