/**
 * The README's deploy section, walked on an empty database with a production server: what it takes to be signed in and
 * to have a bridge linked, and that nothing of development is there (check 11). Its commands are taken from the README
 * and from package.json; only addresses are replaced, and the step to Cloudflare is a server on this machine.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { WebSocket } from "ws";
import { readVariableFile } from "../../bridge/dev/variables.ts";
import { bridgeProtocol } from "../../durable-objects/protocol/bridge-link.ts";
import { seedPeople } from "../../migrations/people.ts";
import packageJson from "../../package.json" with { type: "json" };
import { root } from "../support/source-tree.ts";
import { cloneRepository } from "./support/clone.ts";
import { emptyDatabase, type Production, serveProduction } from "./support/production.ts";

const readme = readFileSync(join(root, "README.md"), "utf8");
const section = (readme.split("## Deploy\n")[1] ?? "").split("\n## ")[0] ?? "";
const scratch = mkdtempSync(join(tmpdir(), "devpocket-deploy-"));
/** What is built here is nobody else's. */
const clone = join(scratch, "clone");
const database = await emptyDatabase(inject("variables").DATABASE_URL, `deploy_${process.pid}`);

let production: Production;
let password = "";
let token = "";

beforeAll(async () => {
  expect(await database.ask("select to_regclass('users') as users")).toEqual([{ users: null }]);
  cloneRepository(clone);
  run(process.execPath, [join(clone, "bridge/dev/make-keys.ts")], { cwd: scratch });
  deploySteps();
  ({ password, token } = firstSteps());
  const { JWT_KEYS = "", ENVIRONMENT_KEYS = "" } = readVariableFile(join(scratch, ".dev.vars"));
  production = await serveProduction(clone, database.url, { JWT_KEYS, ENVIRONMENT_KEYS });
}, 240_000);
afterAll(async () => {
  await production?.close();
  await database.drop();
  rmSync(scratch, { recursive: true, force: true });
});

/** The machine's environment without what a test runner or a developer added. */
function operatorsShell(variables: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, npm_config_update_notifier: "false", ...variables };
}

function run(program: string, args: string[], { cwd = clone, variables = {} as Record<string, string> } = {}) {
  const ran = spawnSync(program, args, { cwd, env: operatorsShell(variables), encoding: "utf8", timeout: 120_000 });
  if (ran.status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${ran.status}: ${ran.stderr}`);
  return ran.stdout;
}

/** `npm run deploy` step by step; what goes to Cloudflare is, in the same order, the production server of this test. */
function deploySteps(): void {
  const scripts: Record<string, string> = packageJson.scripts;
  const stepsOf = (script: string): string[] => (scripts[script] ?? "").split(" && ");
  expect(stepsOf("deploy")).toEqual(["npm run deploy:objects", "npm run deploy:worker"]);
  expect(stepsOf("deploy:objects")).toEqual(["wrangler deploy --config durable-objects/wrangler.toml"]);
  const steps = stepsOf("deploy:worker");
  expect(steps.pop()).toBe("wrangler deploy");
  for (const step of steps)
    run("npm", ["exec", "--offline", "-c", step], { variables: { DATABASE_URL: database.url } });
}

/** The shell lines of the section; the bridge itself, which runs where the cluster is, has a page of its own. */
function firstSteps(): { password: string; token: string } {
  const block = /```sh\n(.*?)```/s.exec(section)?.[1] ?? "";
  const lines = block
    .trim()
    .split("\n")
    .map((line) => line.trim());
  const script = ["set -e", ...lines, 'printf "%s\\n" "$TOKEN"'].join("\n");
  expect(script).toContain("npm run admin -- create-admin");
  const printed = run("sh", ["-c", script.replace("postgresql://...", database.url)])
    .trim()
    .split("\n");
  const secrets = printed.filter((line) => line !== "" && !line.startsWith("> "));
  expect(secrets).toHaveLength(2);
  return { password: secrets[0] ?? "", token: secrets[1] ?? "" };
}

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

async function ask(method: string, path: string, options: { token?: string; json?: unknown } = {}): Promise<Answer> {
  const response = await fetch(production.url + path, {
    method,
    headers: {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.json === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(options.json === undefined ? {} : { body: JSON.stringify(options.json) }),
  });
  const isJson = /[/+]json/.test(response.headers.get("content-type") ?? "");
  return { status: response.status, body: isJson ? ((await response.json()) as Record<string, unknown>) : {} };
}

const signIn = (name: string, secret: string) =>
  ask("POST", "/api/v1/auth/login", { json: { username_or_email: name, password: secret } });

describe("an installation by the README's deploy section", () => {
  it("is a production server by wrangler.toml's own word, and is ready", async () => {
    expect(readFileSync(join(root, "wrangler.toml"), "utf8")).toMatch(/^\[vars\]\nENVIRONMENT = "production"$/m);
    expect(await ask("GET", "/health")).toMatchObject({ status: 200, body: { environment: "production" } });
    expect((await ask("GET", "/health/ready")).status).toBe(200);
    expect((await fetch(production.url)).headers.get("content-type")).toContain("text/html");
  });

  it("lets its administrator in, who sees what the operator did", async () => {
    const { status, body } = await signIn("you@example.com", password);
    expect([status, body["user"]]).toMatchObject([200, { username: "you", role: "admin", is_verified: true }]);
    const admin = { token: String(body["access_token"]) };
    const users = await ask("GET", "/api/v1/users", admin);
    expect([users.status, (users.body["users"] as object[]).length]).toEqual([200, 1]);
    const clusters = await ask("GET", "/api/v1/clusters?scope=all", admin);
    expect(clusters.body["clusters"]).toMatchObject([{ name: "default", is_default: true, status: "active" }]);
    const audit = await ask("GET", "/api/v1/audit?actor_kind=operator", admin);
    const rows = await database.ask<{ action: string }>(
      "select action from audit_events where actor_kind = 'operator' order by id",
    );
    expect(rows.map(({ action }) => action)).toEqual(["account.register", "cluster.create", "bridge_token.issue"]);
    expect(audit.status).toBe(200);
  });

  it("has templates and plans, and nobody and nothing of the seeds", async () => {
    const templates = await ask("GET", "/api/v1/templates");
    expect((templates.body["templates"] as object[]).length).toBe(9);
    for (const { email, password: known } of seedPeople) expect((await signIn(email, known)).status).toBe(401);
    expect(await database.ask("select username from users")).toEqual([{ username: "you" }]);
    expect(await database.ask("select count(*)::int as n from environments")).toEqual([{ n: 0 }]);
    const variables = { DATABASE_URL: database.url, ENVIRONMENT: "production" };
    expect(() => run(process.execPath, ["migrations/seed.ts"], { variables })).toThrow(/refuses in production/);
    expect(() => run(process.execPath, ["migrations/seed.ts"], { variables: { DATABASE_URL: database.url } })).toThrow(
      /refuses in production/,
    );
  });

  it("has no outbox", async () => {
    for (const path of ["/dev/outbox", "/api/v1/dev/outbox"]) expect((await ask("GET", path)).status).toBe(404);
  });

  it("takes the bridge's token, and no local runtime behind it", async () => {
    expect((await ask("GET", "/api/v1/bridge/desired", { token })).status).toBe(200);
    expect((await ask("GET", "/api/v1/bridge/desired", { token: `dp_bridge_${"x".repeat(43)}` })).status).toBe(401);
    expect(await linked(token)).toBe(true);
    const report = (runtime: string) =>
      ask("POST", "/api/v1/bridge/report", { token, json: { bridge_id: "bridge-1", runtime, observed: [] } });
    expect((await report("kubernetes")).status).toBe(200);
    expect((await report("local")).status).toBe(403);
    const variables = { DEVPOCKET_URL: production.url, BRIDGE_TOKEN: token, BRIDGE_RUNTIME: "local" };
    const bridge = () => run(process.execPath, [join(clone, "bridge/main.ts")], { cwd: scratch, variables });
    expect(bridge).toThrow(/ended with 1: .*does not run in production/);
  });

  it("asks nothing of anybody but its database and its Redis", () => {
    expect(production.strangers).toEqual([]);
  });
});

// Each takes a build; what else a production server refuses is test/workers/env.test.ts's to show.
describe("a production server", () => {
  it.each([
    ["a key set out of an example", { JWT_KEYS: exampleKeys() }],
    ["a way around Neon", { NEON_FETCH_ENDPOINT: "http://127.0.0.1:4444/sql" }],
    ["an outbox for mails", { MAIL_SENDER: "outbox" }],
  ])("refuses to serve with %s", async (_, changes) => {
    await production.reconfigure(changes);
    for (const path of ["/health", "/api/v1/templates", "/api/v1/auth/me"])
      expect(await ask("GET", path)).toMatchObject({ status: 503, body: { code: "misconfigured" } });
  });

  it("serves again with none of them", async () => {
    await production.reconfigure({});
    expect((await ask("GET", "/health")).status).toBe(200);
  });
});

function exampleKeys(): string {
  const { keys } = JSON.parse(inject("variables").JWT_KEYS) as { keys: object[] };
  return JSON.stringify({ keys: keys.map((one) => ({ ...one, kid: "example" })) });
}

/** Whether the control link of a bridge with this token stays open. */
function linked(bridgeToken: string): Promise<boolean> {
  const socket = new WebSocket(`${production.url.replace(/^http/, "ws")}/api/v1/bridge/link`, bridgeProtocol, {
    headers: { authorization: `Bearer ${bridgeToken}` },
  });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("close", () => resolve(false));
    socket.once("open", () =>
      socket.send(JSON.stringify({ type: "hello", bridge_id: "bridge-1", version: "1", runtime: "kubernetes" })),
    );
    socket.once("message", () => {
      resolve(true);
      socket.close();
    });
  });
}
