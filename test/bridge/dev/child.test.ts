/** A program as a child: its lines, its end, and that nothing it started outlives it. */
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { checkMachine } from "../../../bridge/dev/checks.ts";
import { type Program, runProgram, startProgram } from "../../../bridge/dev/child.ts";
import { freePort } from "../../../bridge/dev/ports.ts";
import { processStart } from "../../../bridge/dev/proc.ts";
import { serveHealth } from "../../../bridge/health.ts";

const program = (script: string, more: Partial<Program> = {}): Program => ({
  name: "child",
  args: ["-e", script],
  cwd: tmpdir(),
  environment: { PATH: process.env["PATH"] },
  ...more,
});

/** A reaper that only takes notes. */
function newReaper() {
  const guarded = new Set<number>();
  const reaper = {
    pid: 0,
    guard: (leader: number) => void guarded.add(leader),
    release: (leader: number) => void guarded.delete(leader),
    done: () => {},
  };
  return { reaper, guarded };
}

let said = "";
beforeEach(() => {
  said = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

describe("a started program", () => {
  it("has its lines repeated under its name, those of its filter only", async () => {
    const newFilter = () => (line: string) => !line.includes("secret");
    const script = "console.log('one\\n\\nsecret'); console.error('two'); process.exitCode = 3";
    const child = startProgram(program(script, { newFilter }), newReaper().reaper);
    expect(await new Promise((resolve) => child.onExit(resolve))).toBe("ended with code 3");
    await vi.waitFor(() => expect(said.trim().split("\n").sort()).toEqual(["[child] one", "[child] two"]), 10_000);
  });

  it("is guarded while it runs, and takes what it started with it", async () => {
    const { reaper, guarded } = newReaper();
    const script = "console.log(require('child_process').spawn('sleep', ['1000']).pid); setInterval(() => {}, 1000)";
    const child = startProgram(program(script), reaper);
    expect(guarded).toEqual(new Set([child.pid]));
    await vi.waitUntil(() => /\d+\n/.test(said), 10_000);
    const grandchild = Number(/\d+/.exec(said)?.[0]);
    await child.stop();
    await vi.waitUntil(() => processStart(grandchild) === null, 20_000);
    expect(guarded.size).toBe(0);
  });

  it("is ended also when it does not hear", async () => {
    const script = "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)";
    const child = startProgram(program(script), newReaper().reaper);
    await vi.waitUntil(() => said.includes("up"), 10_000);
    await child.stop(50);
    expect(await new Promise((resolve) => child.onExit(resolve))).toBe("was ended by SIGKILL");
  });
});

it("a program that is run to its end gives its code and its lines", async () => {
  const ran = await runProgram(program("console.log('a\\n\\nb'); process.exitCode = 2"));
  expect(ran).toEqual({ code: 2, lines: ["a", "b"] });
});

describe("a port", () => {
  it("that is free is none which the system gives to whoever names none", async () => {
    const range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
    const lowest = Number(range.split(/\s/)[0]);
    const ports = await Promise.all(Array.from({ length: 50 }, freePort));
    expect(ports.filter((port) => port < 1024 || port >= lowest)).toEqual([]);
  });

  it("that is taken is told in one line that says what to do; a free one is fine", async () => {
    const port = await freePort();
    await checkMachine("127.0.0.1", port);
    let isConnected = false;
    const server = serveHealth({ port, address: "127.0.0.1" }, () => isConnected);
    await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(503), 10_000);
    await expect(checkMachine("127.0.0.1", port)).rejects.toThrow(`port ${port} is taken`);
    isConnected = true;
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    server.close();
  });
});
