import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { seed } from "../../migrations/seed.ts";
import { verifyPassword } from "../../workers/rules/passwords.ts";
import { openVariables } from "../../workers/store/sealing.ts";
import { root } from "../support/source-tree.ts";

const { DATABASE_URL, ENVIRONMENT_KEYS } = inject("variables");
const names = [`seed_${process.pid}`, `seed_real_${process.pid}`];
const [url = "", realUrl = ""] = names.map((name) => DATABASE_URL.replace(/\/postgres$/, `/${name}`));
const admin = new pg.Client({ connectionString: DATABASE_URL });

beforeAll(async () => {
  await admin.connect();
  for (const name of names) await admin.query(`create database ${name}`);
});
afterAll(async () => {
  for (const name of names) await admin.query(`drop database ${name} with (force)`);
  await admin.end();
});

async function ask<T = Record<string, unknown>>(query: string, at = url): Promise<T[]> {
  const client = new pg.Client({ connectionString: at });
  await client.connect();
  const { rows } = await client.query(query);
  await client.end();
  return rows;
}
const options = {
  databaseUrl: url,
  environmentKeys: ENVIRONMENT_KEYS,
  bridgeToken: "dp_bridge_x",
  withRandomPasswords: false,
};

describe("seeds", () => {
  it("make accounts, clusters, links, samples and the bridge's token, once", async () => {
    await seed(options);
    await seed(options);
    const people = await ask<{ email: string }>("select email, role, plan_id, is_verified from users order by email");
    expect(people).toEqual([
      { email: "admin@devpocket.app", role: "admin", plan_id: "pro", is_verified: true },
      { email: "demo@devpocket.app", role: "user", plan_id: "pro", is_verified: true },
      { email: "test@devpocket.app", role: "user", plan_id: "starter", is_verified: true },
    ]);
    expect(await ask("select id from clusters order by id")).toEqual([{ id: "default" }, { id: "staging" }]);
    expect(await ask("select count(*)::int as n from user_clusters")).toEqual([{ n: 6 }]);
    expect(await ask("select cluster_id from bridge_tokens")).toEqual([{ cluster_id: "default" }]);
    expect(await ask("select name, template_id, desired, phase from environments order by name")).toEqual([
      { name: "my-nodejs-app", template_id: "nodejs", desired: "stopped", phase: "stopped" },
      { name: "python-playground", template_id: "python", desired: "stopped", phase: "stopped" },
    ]);
  });

  it("keep no plaintext: passwords are hashes, variables are sealed, the token is a digest", async () => {
    const [demo] = await ask<{ password_hash: string }>("select password_hash from users where username = 'demo'");
    expect(await verifyPassword(demo?.password_hash ?? "", "DemoPassword123!")).toBe(true);
    const [sample] = await ask<{ id: string; sealed_variables: string }>(
      "select id, sealed_variables from environments where template_id = 'python'",
    );
    const [id = "", key = ""] = ENVIRONMENT_KEYS.split(":");
    const keys = [{ id, bytes: Uint8Array.from(Buffer.from(key, "base64url")) }];
    const opened = await openVariables(keys, sample?.id ?? "", sample?.sealed_variables ?? "");
    expect(opened).toMatchObject({ ok: true, variables: { PYTHONUNBUFFERED: "1" } });
    expect(await ask("select token_hash from bridge_tokens where token_hash like '%dp_bridge%'")).toEqual([]);
  });

  it("replace the public passwords once, and leave changed ones alone", async () => {
    const { passwords } = await seed({ ...options, withRandomPasswords: true });
    expect(passwords.map(({ email }) => email)).toEqual(
      ["admin", "demo", "test"].map((name) => `${name}@devpocket.app`),
    );
    const [row] = await ask<{ password_hash: string }>("select password_hash from users where username = 'admin'");
    expect(await verifyPassword(row?.password_hash ?? "", passwords[0]?.password ?? "")).toBe(true);
    expect((await seed({ ...options, withRandomPasswords: true })).passwords).toEqual([]);
  });

  it("add nobody to a database with accounts of its own", async () => {
    await seed({ ...options, databaseUrl: realUrl });
    await ask("truncate users cascade", realUrl);
    await ask("insert into users (id, username, email) values ('usr_real', 'real', 'real@example.com')", realUrl);
    expect((await seed({ ...options, databaseUrl: realUrl })).hasPeople).toBe(false);
    expect(await ask("select username from users", realUrl)).toEqual([{ username: "real" }]);
  });

  it.each(["seed.ts", "reset.ts"])("%s refuses in production", async (script) => {
    const run = promisify(execFile)("node", [join(root, "migrations", script)], {
      env: { PATH: process.env["PATH"], DATABASE_URL: url, ENVIRONMENT: "production" },
    });
    await expect(run).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/^\w+ failed: .*refuses.*\n$/) });
    expect(await ask("select count(*)::int as n from users")).toEqual([{ n: 3 }]);
  });
});
