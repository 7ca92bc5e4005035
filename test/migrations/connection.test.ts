/** Which database migrations and seeds open, and how a failure is told: in one line, without the URL's password. */
import { describe, expect, inject, it } from "vitest";
import { describeDatabaseError, openDatabase, readDatabaseUrl } from "../../migrations/connection.ts";

const { DATABASE_URL } = inject("variables");
const failureOf = (databaseUrl: string) => openDatabase(databaseUrl).then(() => "opened", describeDatabaseError);

describe("the database's URL", () => {
  it("is taken from the variable, or the variable is named", () => {
    expect(readDatabaseUrl({ DATABASE_URL })).toBe(DATABASE_URL);
    for (const environment of [{}, { DATABASE_URL: "" }])
      expect(() => readDatabaseUrl(environment)).toThrow("DATABASE_URL is not set");
    const mysql = () => readDatabaseUrl({ DATABASE_URL: "mysql://a:hunter2@b/c" });
    expect(mysql).toThrow("DATABASE_URL does not begin with postgresql://");
    expect(mysql).not.toThrow(/hunter2/);
  });
});

describe("a failure to open it", () => {
  it("of the network is told with its code", async () => {
    expect(await failureOf("postgres://a:hunter2@127.0.0.1:9/x")).toMatch(
      /^connect ECONNREFUSED [\d.:]+ \(ECONNREFUSED\)$/,
    );
  });

  it("by Postgres is told in its words with the SQLSTATE", async () => {
    const missing = await failureOf(DATABASE_URL.replace(/\/postgres$/, "/nowhere"));
    expect(missing).toBe('database "nowhere" does not exist (3D000)');
    const url = new URL(DATABASE_URL);
    url.password = "hunter2";
    expect(await failureOf(url.href)).toMatch(/^password authentication failed .*\(28P01\)$/);
  });

  it("is told by its innermost cause, on one line, whatever was thrown", () => {
    const inner = Object.assign(new Error("first line\nsecond"), { code: "EPIPE" });
    expect(describeDatabaseError(new Error("outer", { cause: inner }))).toBe("first line (EPIPE)");
    expect(describeDatabaseError(new AggregateError([new Error("v6"), new Error("v4")], ""))).toBe("v4");
    expect(describeDatabaseError("a word")).toBe("a word");
  });
});
