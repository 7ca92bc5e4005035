/** The server as a child of `npm run dev`: where its variables go, which of its lines are shown, who is asked. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { ask } from "../../../bridge/dev/watching.ts";
import { objectsProgram, workerProgram } from "../../../bridge/dev/wrangler.ts";
import { root } from "../../support/source-tree.ts";

const dataDirectory = mkdtempSync(join(tmpdir(), "devpocket-worker-"));
afterAll(() => rmSync(dataDirectory, { recursive: true }));

const place = { root, dataDirectory, host: "127.0.0.1", port: 25_999 };
const program = workerProgram(place, { JWT_KEYS: '{"keys":[]}', DATABASE_URL: "postgres://a:hunter2@b/c" });

describe("the server's program", () => {
  it("finds its variables in a private file and never on its command line", () => {
    const file = join(dataDirectory, "server.env");
    expect(parseEnv(readFileSync(file, "utf8"))).toMatchObject({ DATABASE_URL: "postgres://a:hunter2@b/c" });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(program.args.join(" ")).not.toContain("hunter2");
    expect(program.args).toEqual(expect.arrayContaining(["--port", "25999", "--ip", "127.0.0.1", file]));
  });

  it("has its own lines shown, and of wrangler's none that may hold a token", () => {
    const isShown = program.newFilter?.() ?? (() => true);
    const lines = [
      ["⛅️ wrangler 4.155.0", false],
      ["[wrangler:info] Ready on http://127.0.0.1:25999", false],
      ["[wrangler:info] GET /api/v1/ws/terminal/x?token=hunter2 101 Switching Protocols", false],
      ["[wrangler:info] GET /health/live 200 OK (3ms)", false],
      ['{"level":"info","msg":"request"}', true],
    ] as const;
    expect(lines.map(([line]) => [line, isShown(line)])).toEqual(lines.map(([line, shown]) => [line, shown]));
  });

  it("shows what is wrong before it is ready", () => {
    const isShown = program.newFilter?.() ?? (() => true);
    expect(["banner", "✘ [ERROR] no such file", "at line 3"].map(isShown)).toEqual([false, true, true]);
  });
});

describe("the objects' program", () => {
  it("is told how to log, and nothing else of what the server knows", () => {
    const given = {
      JWT_KEYS: '{"keys":[]}',
      DATABASE_URL: "postgres://a:hunter2@b/c",
      LOG_FORMAT: "pretty",
      DEBUG: "true",
    };
    const objects = objectsProgram({ ...place, port: 25_998 }, given);
    const file = join(dataDirectory, "objects.env");
    expect(parseEnv(readFileSync(file, "utf8"))).toEqual({ LOG_LEVEL: "debug", LOG_FORMAT: "pretty" });
    expect(objects.args).toEqual(expect.arrayContaining([join(root, "durable-objects/wrangler.toml"), file, "25998"]));
  });
});

describe("asking the server", () => {
  it("tells its answers from others' and from silence", async () => {
    const server = createServer((request, response) => {
      if (request.url === "/silent") return;
      response.writeHead(request.url === "/ours" ? 200 : 502, request.url === "/ours" ? { "x-request-id": "a" } : {});
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await ask(`${url}/ours`, 5_000)).toEqual({ status: 200, isWorker: true });
    expect(await ask(`${url}/theirs`, 5_000)).toEqual({ status: 502, isWorker: false });
    expect(await ask(`${url}/silent`, 50)).toBeNull();
    server.closeAllConnections();
    server.close();
    await once(server, "close");
    expect(await ask(`${url}/ours`, 5_000)).toBeNull();
  });
});
