/** The whole product over real sockets: a shell that is typed into, shared, cut and restarted, and is the same shell. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Person, register } from "./support/person.ts";
import { descendant, serverWorkerd } from "./support/processes.ts";
import { type Product, startProduct } from "./support/product.ts";
import { reopenTerminal, shellPid } from "./support/reopen.ts";

let product: Product;
let person: Person;
let environmentId: string;

beforeAll(async () => {
  product = await startProduct();
  person = await register(product.url);
  const environment = await person.createEnvironment();
  expect(environment.status).toBe("running");
  environmentId = environment.id;
});

afterAll(async () => {
  await product?.stop();
});

const reopen = () => reopenTerminal(person, environmentId);

describe("a shell", () => {
  it("greets with output, welcome and a repaint, then echoes what is typed", async () => {
    const terminal = await person.openTerminal(environmentId);
    await terminal.sees(/[$#] *$/);
    expect(terminal.frames.slice(0, 2).map((frame) => frame.type)).toEqual(["output", "welcome"]);
    terminal.type("echo $((6*7))\r");
    await terminal.sees(/^42$/m);
    await terminal.close();
  });

  it("follows a resize", async () => {
    const terminal = await person.openTerminal(environmentId, { size: { cols: 101, rows: 31 } });
    // What is typed may overtake the size, so the shell itself waits for it.
    terminal.type("clear; until stty size | grep '31 101'; do sleep 0.05; done\r");
    await terminal.sees(/^31 101$/m);
    await terminal.close();
  });

  it("shows two viewers the same screen", async () => {
    const [phone, desk] = await Promise.all([person.openTerminal(environmentId), person.openTerminal(environmentId)]);
    await desk.sees(/[$#] *$/);
    phone.type("clear; echo shared-$((40+2))\r");
    // With the prompt behind it, after which nothing more comes.
    const isDone = /^shared-42\n[\s\S]*[$#]$/;
    const [shown, other] = await Promise.all([phone.sees(isDone), desk.sees(isDone)]);
    expect(other).toBe(shown);
    await Promise.all([phone.close(), desk.close()]);
  });

  it("interrupts with Ctrl-C and gives a fresh shell after exit", async () => {
    const terminal = await person.openTerminal(environmentId);
    terminal.type("clear; echo begun; sleep 1000; echo never\r");
    await terminal.sees(/^begun$/m);
    terminal.type("\u0003");
    await terminal.sees(/\^C[\s\S]*[$#] *$/);
    const before = await shellPid(terminal);
    terminal.type("exit\r");
    await terminal.sees(/this is a fresh one[\s\S]*[$#]$/);
    expect(await shellPid(terminal)).not.toBe(before);
    await terminal.close();
  });

  it("edits a file in vim", async () => {
    const terminal = await person.openTerminal(environmentId);
    await terminal.sees(/[$#] *$/);
    terminal.type("clear; vi -u NONE note.txt\r");
    await terminal.sees(/^~$/m);
    terminal.type("ihélló from vim\u001b:wq\r");
    await terminal.sees(/[$#] *$/);
    terminal.type("clear; cat note.txt\r");
    await terminal.sees(/^hélló from vim$/m);
    await terminal.close();
  });
});

describe("the same shell is there again", () => {
  let pid: string;
  beforeAll(async () => {
    const terminal = await reopen();
    pid = await shellPid(terminal);
    terminal.type("clear; export KEPT=yes; echo marker-$((1+1))\r");
    await terminal.sees(/^marker-2$/m);
    await terminal.close();
  });

  async function expectSameShell(): Promise<void> {
    const terminal = await reopen();
    expect(await shellPid(terminal)).toBe(pid);
    terminal.type("echo kept=$KEPT\r");
    await terminal.sees(/^kept=yes$/m);
    await terminal.close();
  }

  const supervised = (command: RegExp) => descendant(product.process.pid as number, command);

  it("after workerd was killed", async () => {
    process.kill(serverWorkerd(product.process.pid as number, product.url), "SIGKILL");
    await expectSameShell();
  });

  it("after the objects were killed, with whom every socket goes", async () => {
    const terminal = await reopen();
    process.kill(supervised(/wrangler-dist\/cli\.js dev .*durable-objects\/wrangler\.toml/).pid, "SIGKILL");
    await terminal.closed();
    await expectSameShell();
  });

  it("after the bridge was killed", async () => {
    process.kill(supervised(/bridge\/main\.ts/).pid, "SIGKILL");
    await expectSameShell();
  });

  it("after the bridge was frozen, with what was typed meanwhile", async () => {
    const terminal = await reopen();
    const bridge = supervised(/bridge\/main\.ts/).pid;
    process.kill(bridge, "SIGSTOP");
    try {
      terminal.type("echo typed-$((2+3))\r");
      const ponged = once(terminal.socket, "pong", { signal: AbortSignal.timeout(20_000) });
      terminal.socket.ping();
      await ponged;
    } finally {
      process.kill(bridge, "SIGCONT");
    }
    await terminal.sees(/^typed-5$/m);
    expect(await shellPid(terminal)).toBe(pid);
    await terminal.close();
  });

  it("without stale tmux clients piling up", async () => {
    await expectSameShell();
    const socket = join(realpathSync(join(product.dataDirectory, "tmux")), environmentId);
    const clients = () => execFileSync("tmux", ["-S", socket, "list-clients"]).toString().trim().split("\n");
    await vi.waitFor(() => expect(clients().length).toBeLessThanOrEqual(1), 20_000);
  });
});
