/**
 * The driver's one way out of this isolate, shared by the product and the bare handlers: the product's queries go on
 * as it sends them and are noted where somebody listens, the bare ones go out by themselves.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { neon, neonConfig } from "@neondatabase/serverless";

interface Query {
  query: string;
  params: unknown[];
}

/** One round trip: one statement, or several in a transaction. */
export type RoundTrip = Query | { queries: Query[] };

const bareEndpoint = Symbol("bareEndpoint");
type Init = RequestInit & { [bareEndpoint]?: string };
type Send = (url: string, init: Init) => Promise<Response>;

/** Where the queries of the request at hand are noted; others in this isolate, such as the bridge's, go unnoted. */
const recorder = new AsyncLocalStorage<RoundTrip[]>();
let sendOfProduct: Send | null = null;

/** The driver without anything of the product's. */
export function bareDriver(env: Env) {
  takeOver();
  const variable = (name: string) => String(Reflect.get(env, name));
  return neon(variable("DATABASE_URL"), { fetchOptions: { [bareEndpoint]: variable("NEON_FETCH_ENDPOINT") } });
}

/** What `ask`, a request to the product, sends to the database. The product must have sent something before. */
export async function noted<T>(ask: () => Promise<T>): Promise<{ result: T; roundTrips: RoundTrip[] }> {
  takeOver();
  const roundTrips: RoundTrip[] = [];
  return { result: await recorder.run(roundTrips, ask), roundTrips };
}

/** The product sets its own function whenever it connects. */
function takeOver(): void {
  if (neonConfig.fetchFunction === send) return;
  sendOfProduct = neonConfig.fetchFunction as Send;
  neonConfig.fetchFunction = send;
}

function send(url: string, init: Init): Promise<Response> {
  const { [bareEndpoint]: endpoint, ...plain } = init;
  if (endpoint !== undefined) return fetch(endpoint, plain);
  recorder.getStore()?.push(JSON.parse(String(init.body)) as RoundTrip);
  if (sendOfProduct === null) throw new Error("the product has not connected yet");
  return sendOfProduct(url, init);
}
