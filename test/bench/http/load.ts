/** A closed-loop load: every connection is kept alive and sends its next request when the last answer has arrived. */
import { Agent, request } from "node:http";

export interface Answer {
  status: number;
  body: string;
}

export interface Ask {
  method: "GET" | "POST";
  url: string;
  headers?: Record<string, string>;
  body?: string;
}

export type Send = (ask: Ask) => Promise<Answer>;

/** One connection's next call. It throws when the answer is not the expected one, which ends the run. */
export type Call = () => Promise<void>;

export interface LoadResult {
  perSecond: number;
  latenciesMs: number[];
}

/** No round goes on for longer than its time or asks more than this, whatever is configured. */
const maxCallsPerConnection = 20_000;

/** Lets all connections call for `seconds` and returns every call's time. */
export async function load(calls: readonly Call[], seconds: number): Promise<LoadResult> {
  const start = performance.now();
  const end = start + seconds * 1_000;
  const perConnection = await Promise.all(calls.map((call) => callUntil(call, end)));
  const latenciesMs = perConnection.flat();
  return { perSecond: latenciesMs.length / ((performance.now() - start) / 1_000), latenciesMs };
}

/** Makes about `count` calls over all connections: code that runs for the first time is slow, whatever the clock says. */
export async function warmUp(calls: readonly Call[], count: number): Promise<void> {
  const perConnection = Math.ceil(count / calls.length);
  const repeat = async (call: Call) => {
    for (let called = 0; called < perConnection; called += 1) await call();
  };
  await Promise.all(calls.map(repeat));
}

async function callUntil(call: Call, end: number): Promise<number[]> {
  const latenciesMs: number[] = [];
  while (performance.now() < end && latenciesMs.length < maxCallsPerConnection) {
    const before = performance.now();
    await call();
    latenciesMs.push(performance.now() - before);
  }
  return latenciesMs;
}

/** A connection of its own; `close` ends it. */
export function connection(): { send: Send; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return { send: (ask) => sendWith(agent, ask), close: () => agent.destroy() };
}

/** A connection that was closed while it lay idle is opened again, as every client does. */
function sendWith(agent: Agent, ask: Ask): Promise<Answer> {
  const { method, url, headers = {}, body } = ask;
  return new Promise((resolve, reject) => {
    const json =
      body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const outgoing = request(url, { method, agent, headers: { ...headers, ...json } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      const wasIdle = outgoing.reusedSocket && error.code === "ECONNRESET";
      if (wasIdle) resolve(sendWith(agent, ask));
      else reject(error);
    });
    outgoing.end(body);
  });
}

/** Throws unless the answer is a 200; the start of the body tells why. */
export function expectOk(what: string, answer: Answer): void {
  if (answer.status !== 200) throw new Error(`${what} answered ${answer.status}: ${answer.body.slice(0, 500)}`);
}
