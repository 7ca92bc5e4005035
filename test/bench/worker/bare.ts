/**
 * The yardstick of a route: a handler that sends the very queries the product sends for it, through the same driver,
 * and answers their rows. The queries are recorded from one request to the product itself.
 */
import product from "../../../workers/index.ts";
import { bareDriver, noted, type RoundTrip } from "./driver.ts";

const recordings = new Map<string, RoundTrip[]>();

/** Sends the queries of `GET path` one round trip after the other. */
export async function bare(request: Request, path: string, env: Env, context: ExecutionContext): Promise<Response> {
  const roundTrips = recordings.get(path) ?? (await recorded(request, path, env, context));
  const sql = bareDriver(env);
  const answers: unknown[] = [];
  for (const roundTrip of roundTrips) {
    if ("queries" in roundTrip)
      answers.push(await sql.transaction(roundTrip.queries.map(({ query, params }) => sql.query(query, params))));
    else answers.push(await sql.query(roundTrip.query, roundTrip.params));
  }
  return Response.json(answers);
}

/**
 * What the product asks the database for `GET path` on behalf of whoever sent this request. A first request does what
 * is done once in a while, such as noting when something was last seen; the second is recorded.
 */
export async function recorded(
  request: Request,
  path: string,
  env: Env,
  context: ExecutionContext,
): Promise<RoundTrip[]> {
  const { headers } = request;
  const ask = async () => product.fetch(new Request(new URL(path, request.url), { headers }), env, context);
  await ask();
  const { result, roundTrips } = await noted(ask);
  if (!result.ok) throw new Error(`${path} answered ${result.status}: ${await result.text()}`);
  recordings.set(path, roundTrips);
  return roundTrips;
}
