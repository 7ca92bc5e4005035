/** A session is looked at by few commands, whatever its windows hold: real tmux, and a door that counts. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { RuntimeFailure } from "../../../../bridge/runtime/runtime.ts";
import { captureSession, type RunTmux } from "../../../../bridge/runtime/session/tmux-session.ts";

let directory: string;
let commands: string[][];
/** More than this no command may print of what windows show, as a runtime bounds it. */
let mostBytes: number;

const tmux = async (...command: string[]) => {
  const args = ["-u", "-S", join(directory, "sock"), "-f", "/dev/null", ...command];
  return (await promisify(execFile)("tmux", args, { maxBuffer: 2 ** 26 })).stdout;
};
const run: RunTmux = async (command) => {
  commands.push(command);
  const printed = await tmux(...command).catch((error: Error) => error.message);
  const isTooMuch = command[0] === "capture-pane" && printed.length > mostBytes;
  if (isTooMuch || printed.startsWith("Command failed")) throw new RuntimeFailure("unavailable", "refused");
  return printed;
};
const addWindow = (script: string) => tmux("new-window", "-d", "-t", "=main:", "--", "sh", "-c", `${script}; cat`);
const shows = (window: number, text: string) =>
  vi.waitUntil(async () => (await tmux("capture-pane", "-p", "-t", `=main:${window}`)).includes(text), 10_000);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "dp-"));
  commands = [];
  mostBytes = Number.POSITIVE_INFINITY;
  await tmux("new-session", "-d", "-s", "main", "-x", "40", "-y", "5", "--", "sh", "-c", "seq 1 20; cat");
  await addWindow("printf '\\033[31mred\\n'; seq 100 110; printf '\\033[?1049hfull screen'");
  await addWindow("true");
  await addWindow("printf '\\033[?1049hnothing before'");
  await addWindow("printf 'last \\033[1mbold'");
  await shows(0, "20");
  await shows(1, "full screen");
  await shows(3, "nothing before");
  await shows(4, "last bold");
});
afterEach(async () => {
  await tmux("kill-server").catch(() => undefined);
  await rm(directory, { recursive: true });
});

const colours = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");
const plain = (line: string) => line.replace(colours, "");
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => String(from + at));
const whole = [numbers(1, 20), ["red", ...numbers(100, 110)], [], [], ["last bold"]];
const looked = async () => {
  const { windows } = await captureSession(run);
  expect(windows[1]?.lines[0]).toContain("\u001b[31mred");
  expect(windows[4]?.lines[0]).toMatch(/^last /);
  return windows.map(({ lines }) => lines.map(plain));
};

it("takes one command to list windows and one for all they show", async () => {
  expect(await looked()).toEqual(whole);
  expect(commands).toHaveLength(2);
});

it("takes several where they show too much for one, and gives up where one window does", async () => {
  mostBytes = 300;
  expect(await looked()).toEqual(whole);
  expect(commands.length).toBeGreaterThan(2);
  mostBytes = 10;
  await expect(captureSession(run)).rejects.toThrow("refused");
});

it("asks a server that has gone no window after the other", async () => {
  const gone: RunTmux = async (command) => {
    if (command[0] === "capture-pane") await tmux("kill-server").catch(() => undefined);
    return await run(command);
  };
  await expect(captureSession(gone)).rejects.toThrow("refused");
  expect(commands.length).toBeLessThan(6);
});
