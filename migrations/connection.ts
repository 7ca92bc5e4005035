/** One Postgres connection for migrations and seeds, over TCP, to any Postgres or Neon. Never prints the URL. */
import pg from "pg";

/** Opens the database of `databaseUrl`; a Neon pooler is passed by, because a session lock cannot go through it. */
export async function openDatabase(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: withoutPooler(databaseUrl), connectionTimeoutMillis: 15_000 });
  await client.connect();
  return client;
}

/** The variable, or an error that says what to do. */
export function readDatabaseUrl(environment: NodeJS.ProcessEnv): string {
  const url = environment["DATABASE_URL"];
  if (url === undefined || url === "") throw new Error("DATABASE_URL is not set");
  if (!/^postgres(ql)?:\/\//.test(url)) throw new Error("DATABASE_URL does not begin with postgresql://");
  return url;
}

/** One line about what went wrong: Postgres's own message and code, or the network's. */
export function describeDatabaseError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const causes = [error, ...(error instanceof AggregateError ? error.errors : []), error.cause].filter(
    (cause): cause is Error & { code?: unknown } => cause instanceof Error && cause.message !== "",
  );
  const cause = causes.at(-1) ?? error;
  const code = "code" in cause && typeof cause.code === "string" ? ` (${cause.code})` : "";
  return `${cause.message.split("\n")[0]}${code}`;
}

function withoutPooler(databaseUrl: string): string {
  return databaseUrl.replace(/-pooler(\.[^/@?]*neon\.tech)/, "$1");
}
