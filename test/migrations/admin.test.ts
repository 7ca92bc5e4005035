/** `npm run admin` as a process: what it does on an empty production database, what it says, what it refuses. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { runMigrations } from "../../migrations/run.ts";
import { verifyPassword } from "../../workers/rules/passwords.ts";
import { hashOf } from "../../workers/rules/tokens.ts";
import { root } from "../support/source-tree.ts";

const { DATABASE_URL } = inject("variables");
const name = `operator_${process.pid}`;
const url = DATABASE_URL.replace(/\/postgres$/, `/${name}`);
const owner = new pg.Client({ connectionString: DATABASE_URL });

beforeAll(async () => {
  await owner.connect();
  await owner.query(`create database ${name}`);
  await runMigrations(url);
});
afterAll(async () => {
  await owner.query(`drop database ${name} with (force)`);
  await owner.end();
});

async function ask<Row = Record<string, unknown>>(query: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client
    .query(query)
    .then(({ rows }) => rows as Row[])
    .finally(() => client.end());
}

interface Ran {
  code: number | null;
  out: string;
  said: string;
}

/** Runs a command with nothing but what an operator's shell gives it. */
function admin(args: string[], { input = "", databaseUrl = url } = {}): Promise<Ran> {
  const child = spawn("node", [join(root, "migrations/admin.ts"), ...args], {
    env: {
      PATH: process.env["PATH"],
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
      ENVIRONMENT: "production",
      ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
    },
  });
  const ran: Ran = { code: null, out: "", said: "" };
  child.stdout.on("data", (chunk) => {
    ran.out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    ran.said += chunk;
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ ...ran, code }));
  });
}

const audited = (action: string) =>
  ask(`select actor_kind, actor_id, target_kind, target_id, outcome, detail from audit_events
    where action = '${action}' order by id`);

describe("create-admin", () => {
  it("makes a verified administrator whose password is printed once, alone on stdout", async () => {
    const { code, out, said } = await admin(["create-admin", "--email", "Ada@example.com", "--username", "ada"]);
    expect([code, said]).toEqual([0, expect.stringMatching(/^administrator ada <Ada@example\.com> was made \(usr_/)]);
    const [row] = await ask<Record<string, string>>("select * from users where username = 'ada'");
    expect(row).toMatchObject({ role: "admin", is_verified: true, is_active: true, email: "Ada@example.com" });
    expect(out).toMatch(/^\S{16,}\n$/);
    expect(await verifyPassword(row?.["password_hash"] ?? "", out.trim())).toBe(true);
    const rows = await audited("account.register");
    expect(rows).toMatchObject([{ actor_kind: "operator", actor_id: null, target_id: row?.["id"], outcome: "ok" }]);
    expect(rows[0]?.["detail"]).toMatchObject({ role: "admin", by: expect.any(String) });
    expect(JSON.stringify(rows)).not.toContain(out.trim());
  });

  it("takes a password from stdin, prints none, and refuses a poor one", async () => {
    const args = ["create-admin", "--email", "eve@example.com", "--username", "eve", "--password-stdin"];
    const poor = await admin(args, { input: "password\n" });
    expect([poor.code, poor.out, poor.said]).toEqual([1, "", expect.stringMatching(/^admin: Password must/)]);
    const { code, out } = await admin(args, { input: "Correct-Horse-9\n" });
    expect([code, out]).toEqual([0, ""]);
    const [row] = await ask<{ password_hash: string }>("select password_hash from users where username = 'eve'");
    expect(await verifyPassword(row?.password_hash ?? "", "Correct-Horse-9")).toBe(true);
  });

  it.each([
    [["--email", "ada@EXAMPLE.com", "--username", "other"], "has an account already"],
    [["--email", "other@example.com", "--username", "ADA"], "has an account already"],
    [["--email", "nobody", "--username", "other"], "is not an e-mail address"],
    [["--email", "other@example.com", "--username", "a b"], "a user name has"],
  ])("refuses %j and changes nothing", async (args, words) => {
    const before = await ask("select count(*) from users");
    const { code, said } = await admin(["create-admin", ...args]);
    expect([code, said]).toEqual([1, expect.stringContaining(words)]);
    expect(await ask("select count(*) from users")).toEqual(before);
  });
});

describe("clusters and tokens", () => {
  it("are made, listed and ended, each with its audit row", async () => {
    const first = await admin(["create-cluster", "--name", "default"]);
    expect([first.code, first.said]).toEqual([
      0,
      expect.stringMatching(/^cluster default was made .*it is the default\n$/),
    ]);
    await admin(["create-cluster", "--name", "east", "--region", "eu-central", "--default"]);
    const clusters = await ask("select name, region, is_default from clusters order by name");
    expect(clusters).toEqual([
      { name: "default", region: "local", is_default: false },
      { name: "east", region: "eu-central", is_default: true },
    ]);
    const again = await admin(["create-cluster", "--name", "EAST"]);
    expect([again.code, again.said]).toEqual([1, 'admin: there is a cluster "EAST" already; nothing was changed\n']);

    const issued = await admin(["issue-bridge-token", "--cluster", "Default", "--name", "rack 1"]);
    expect([issued.code, issued.out]).toEqual([0, expect.stringMatching(/^dp_bridge_[A-Za-z0-9_-]{43}\n$/)]);
    const [token] = await ask<{ id: string }>("select id, token_hash, name from bridge_tokens");
    expect(token).toMatchObject({ token_hash: hashOf(issued.out.trim()), name: "rack 1" });

    const listed = await admin(["list"]);
    for (const word of ["ada <Ada@example.com>", "east  eu-central  active  default", `${token?.id}  token "rack 1"`])
      expect(listed.out).toContain(word);
    expect(listed.out).not.toContain(issued.out.trim());

    const ended = await admin(["revoke-bridge-token", "--id", token?.id ?? ""]);
    expect([ended.code, ended.said]).toEqual([0, expect.stringContaining("is revoked")]);
    const twice = await admin(["revoke-bridge-token", "--id", token?.id ?? ""]);
    expect([twice.code, twice.said]).toEqual([1, expect.stringContaining("there is no live token")]);
    expect(await ask("select count(*)::int as n from bridge_tokens where revoked_at <= now()")).toEqual([{ n: 1 }]);
    for (const action of ["bridge_token.issue", "bridge_token.revoke"])
      expect(await audited(action)).toMatchObject([{ actor_kind: "operator", target_id: token?.id }]);
    expect(await audited("cluster.create")).toHaveLength(2);
  });

  it("of clusters that are not there are refused", async () => {
    const { code, said } = await admin(["issue-bridge-token", "--cluster", "nowhere"]);
    expect([code, said]).toEqual([1, 'admin: there is no cluster "nowhere"\n']);
  });
});

describe("what is half given or unknown", () => {
  it.each([
    [["create-admin", "--email", "x@example.com"], "--username is missing"],
    [["create-admin", "--username", "x", "--email"], "argument missing"],
    [["create-cluster"], "--name is missing"],
    [["create-cluster", "--name", " "], "--name is empty"],
    [["issue-bridge-token"], "--cluster is missing"],
    [["revoke-bridge-token", "brt_1"], "Unexpected argument"],
    [["list", "--all"], "Unknown option '--all'"],
    [["constructor"], 'there is no command "constructor"'],
  ])("%j is answered with 2 and what is wrong with it", async (args, words) => {
    const { code, out, said } = await admin(args, { databaseUrl: "postgresql://nobody@127.0.0.1:1/x" });
    expect([code, out, said]).toEqual([2, "", expect.stringContaining(words)]);
  });

  it("tells what there is, without a database", async () => {
    for (const args of [[], ["help"], ["--help"]]) {
      const { code, out } = await admin(args, { databaseUrl: "" });
      expect([code, out]).toEqual([0, expect.stringContaining("issue-bridge-token --cluster C")]);
    }
  });

  it("tells that the database is not named or not there in one line, without its password", async () => {
    const unnamed = await admin(["list"], { databaseUrl: "" });
    expect([unnamed.code, unnamed.said]).toEqual([1, "admin: DATABASE_URL is not set\n"]);
    const away = await admin(["list"], { databaseUrl: "postgresql://a:geheim@127.0.0.1:1/x" });
    expect([away.code, away.said]).toEqual([1, expect.stringMatching(/^admin: .*ECONNREFUSED.*\n$/)]);
    expect(away.said).not.toContain("geheim");
  });
});
