import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { runMigrations } from "../../migrations/run.ts";
import { root } from "../support/source-tree.ts";

const admin = new pg.Client({ connectionString: inject("variables").DATABASE_URL });
const name = `migrations_${process.pid}`;
const url = inject("variables").DATABASE_URL.replace(/\/postgres$/, `/${name}`);

beforeAll(async () => {
  await admin.connect();
  await admin.query(`create database ${name}`);
});
afterAll(async () => {
  await admin.query(`drop database ${name} with (force)`);
  await admin.end();
});

async function ask(query: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client
    .query(query)
    .then(({ rows }) => rows as unknown[])
    .finally(() => client.end());
}

async function runScript(databaseUrl: string) {
  const child = promisify(execFile)("node", [join(root, "migrations/run.ts")], {
    env: { PATH: process.env["PATH"], DATABASE_URL: databaseUrl },
  });
  return child.then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    (error: { code: number; stderr: string }) => ({ code: error.code, said: error.stderr }),
  );
}

describe("migrations", () => {
  it("apply once when many start at the same time", async () => {
    await Promise.all([1, 2, 3, 4].map(() => runMigrations(url)));
    const applied = await ask("select count(*)::int as n from drizzle.__drizzle_migrations");
    await runMigrations(url);
    expect(await ask("select count(*)::int as n from drizzle.__drizzle_migrations")).toEqual(applied);
    expect(await ask("select count(*)::int as n from environments")).toEqual([{ n: 0 }]);
  });

  it("bring plans and templates, and keep what an admin changed", async () => {
    await ask("update plans set max_environments = 7 where id = 'free'");
    await ask("delete from templates where id = 'rust'");
    await runMigrations(url);
    expect(await ask("select max_environments as n from plans where id in ('free', 'pro') order by id")).toEqual([
      { n: 7 },
      { n: 10 },
    ]);
    expect(await ask("select default_port, memory_bytes from templates where id = 'rust'")).toEqual([
      { default_port: 8080, memory_bytes: String(2 ** 31) },
    ]);
  });

  it("let no two templates share a name and no two clusters be the default", async () => {
    const named = "select template_id as id from template_names where name in ('node', 'node.js') order by name";
    expect(await ask(named)).toEqual([{ id: "nodejs" }, { id: "nodejs" }]);
    const take = "update templates set aliases = '{Python-3.11}' where id = 'nodejs'";
    await expect(ask(take)).rejects.toMatchObject({ constraint: "template_names_pkey" });
    await ask("update templates set aliases = '{}' where id = 'nodejs'");
    expect(await ask(named)).toEqual([{ id: "nodejs" }]);
    const add = (id: string, name: string) =>
      ask(`insert into clusters (id, name, is_default) values ('${id}', '${name}', true)`);
    await add("one", "One");
    await expect(add("two", "two")).rejects.toMatchObject({ constraint: "clusters_default_key" });
    await expect(add("two", "ONE")).rejects.toMatchObject({ code: "23505" });
  });

  it("leave nothing behind when one of them fails", async () => {
    const folder = mkdtempSync(join(tmpdir(), "devpocket-migrations-"));
    mkdirSync(join(folder, "meta"));
    const entries = [1, 2].map((index) => ({
      idx: index,
      version: "7",
      when: 4e12 + index,
      tag: `000${index}`,
      breakpoints: true,
    }));
    writeFileSync(join(folder, "meta/_journal.json"), JSON.stringify({ version: "7", dialect: "postgresql", entries }));
    writeFileSync(join(folder, "0001.sql"), "create table half (id int);");
    writeFileSync(join(folder, "0002.sql"), "create table half (id int);");
    await expect(runMigrations(url, folder)).rejects.toThrow();
    rmSync(folder, { recursive: true });
    expect(await ask("select to_regclass('half') as half")).toEqual([{ half: null }]);
  });

  it("say what is wrong in one line without the password", async () => {
    const wrong = await runScript("postgresql://somebody:geheim@127.0.0.1:1/x");
    expect(wrong).toEqual({ code: 1, said: expect.stringMatching(/^migrations failed: .*ECONNREFUSED.*\n$/) });
    expect(wrong.said).not.toContain("geheim");
    expect(await runScript("")).toEqual({ code: 1, said: "migrations failed: DATABASE_URL is not set\n" });
    expect((await runScript(url)).said).toBe("migrations: the database is up to date\n");
  });
});
