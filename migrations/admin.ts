/**
 * `npm run admin -- COMMAND`: what an operator does to an installation that nobody can sign in to yet, production
 * included: the first administrator, a cluster, a token for its bridge. Secrets go to stdout, bare, and words to
 * stderr; every change is an audit row of the kind `operator`. Exit codes: 0 done, 1 failed, 2 not understood.
 */
import { readFileSync } from "node:fs";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { describeDatabaseError, openDatabase, readDatabaseUrl } from "./connection.ts";
import { createAdmin } from "./operator/accounts.ts";
import { createCluster } from "./operator/clusters.ts";
import { help, NotUnderstood, type OperatorCommand, readCommand } from "./operator/command.ts";
import { Refused, type Told } from "./operator/deed.ts";
import { listAll } from "./operator/listing.ts";
import { issueBridgeToken, revokeBridgeToken } from "./operator/tokens.ts";

async function run(command: OperatorCommand): Promise<void> {
  const client = await openDatabase(readDatabaseUrl(process.env));
  try {
    const { words, output } = await doneIn(drizzle(client), command);
    if (words !== undefined) console.error(words);
    if (output !== undefined) console.log(output);
  } finally {
    await client.end();
  }
}

function doneIn(db: NodePgDatabase, command: OperatorCommand): Promise<Told> {
  switch (command.kind) {
    case "create-admin":
      return createAdmin(db, command, command.isPasswordGiven ? readPassword() : null);
    case "create-cluster":
      return createCluster(db, command);
    case "issue-bridge-token":
      return issueBridgeToken(db, command);
    case "revoke-bridge-token":
      return revokeBridgeToken(db, command);
    case "list":
      return listAll(db);
  }
}

/** One line of stdin; never an argument, which others on the machine can read. */
function readPassword(): string {
  return readFileSync(0, "utf8").replace(/\r?\n$/, "");
}

try {
  const command = readCommand(process.argv.slice(2));
  if (command === "help") console.log(help);
  else await run(command);
} catch (error) {
  const isNotUnderstood = error instanceof NotUnderstood;
  const message = isNotUnderstood || error instanceof Refused ? error.message : describeDatabaseError(error);
  console.error(`admin: ${message}`);
  if (isNotUnderstood) console.error("\nnpm run admin -- help tells what there is");
  process.exitCode = isNotUnderstood ? 2 : 1;
}
