/**
 * For information: the same reads as somebody would write them with Express and `pg` on Node, without anything else.
 * Arguments: the database's URL and the statements of each round trip as JSON. Prints `listening URL`; ends with its stdin.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import pg from "pg";

interface Query {
  query: string;
  params: unknown[];
}
type RoundTrip = Query | { queries: Query[] };

const [databaseUrl, roundTripsAsJson] = process.argv.slice(2);
if (databaseUrl === undefined || roundTripsAsJson === undefined)
  throw new Error("usage: express-server.ts DATABASE_URL ROUND_TRIPS");
const roundTrips = JSON.parse(roundTripsAsJson) as RoundTrip[];
const queries = roundTrips.flatMap((roundTrip) => ("queries" in roundTrip ? roundTrip.queries : [roundTrip]));
const pool = new pg.Pool({ connectionString: databaseUrl, max: 20 });

const server = express()
  .get("/read", async (_request, response) => {
    const answers: unknown[] = [];
    for (const { query, params } of queries) answers.push((await pool.query(query, params)).rows);
    response.json(answers);
  })
  .listen(0, "127.0.0.1");
await once(server, "listening");
process.stdout.write(`listening http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
process.stdin.on("end", () => process.exit(0)).resume();
