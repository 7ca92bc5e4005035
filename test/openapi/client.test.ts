/** A client is generated from the document, compiled and used, as somebody would who has nothing else of us. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { type Child, script, startChild } from "../bench/child.ts";
import { root } from "../support/source-tree.ts";
import { makeDocument } from "./document.ts";

const run = promisify(execFile);
const folder = join(root, "test/openapi/client");
const generated = join(root, "dist/openapi-client");
const slowMs = 120_000;

/** Fails with what the program printed. */
async function runTool(path: string, ...args: string[]): Promise<void> {
  await run(process.execPath, [join(folder, "node_modules", path), ...args], { cwd: folder }).catch(
    (error: unknown) => {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${path} refused:\n${stdout}${stderr}`);
    },
  );
}

beforeAll(async () => {
  mkdirSync(generated, { recursive: true });
  writeFileSync(join(generated, "openapi.json"), JSON.stringify(await makeDocument()));
  const [from, to] = [join(generated, "openapi.json"), join(generated, "schema.d.ts")];
  await runTool("openapi-typescript/bin/cli.js", from, "-o", to);
}, slowMs);

it(
  "compiles, and its types find mistakes",
  async () => {
    await runTool("typescript/bin/tsc", "-p", "tsconfig.json");
  },
  slowMs,
);

let server: Child | undefined;
afterAll(() => server?.stop());

it(
  "calls the server",
  async () => {
    mkdirSync(join(root, "dist/web"), { recursive: true }); // the configuration names it; no page is asked for
    const variables = JSON.stringify(inject("variables"));
    const environment = { ...process.env, X_LOCAL_OBSERVABILITY: "false", WRANGLER_SEND_METRICS: "false" };
    const command = script("test/bench/products/serve-worker.ts", variables);
    server = await startChild(command, { environment });
    const client = (await import(pathToFileURL(join(folder, "client.ts")).href)) as {
      walk(baseUrl: string, username: string): Promise<{ registeredId: string }>;
    };
    const seen = await client.walk(server.announced, `typed${process.pid}`);
    expect(seen).toMatchObject({ environments: 0, total: 0, code: "not_found", etag: expect.stringMatching(/^"/) });
    expect(seen).toMatchObject({ signedInId: seen.registeredId, registeredId: expect.stringMatching(/^usr_/) });
  },
  slowMs,
);
