/** The whole product: a session that comes back after its environment was restarted or its tmux server killed. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Person, register, type Terminal } from "./support/person.ts";
import { type Product, startProduct } from "./support/product.ts";

let product: Product;
let person: Person;
let environmentId: string;

beforeAll(async () => {
  product = await startProduct();
  person = await register(product.url);
  environmentId = (await person.createEnvironment()).id;
});

afterAll(async () => {
  await product?.stop();
});

const tmux = (...command: string[]) =>
  execFileSync("tmux", ["-S", join(realpathSync(join(product.dataDirectory, "tmux")), environmentId), ...command]);
const saved = () => join(product.dataDirectory, "environments", environmentId, "home", ".devpocket", "session.json");
const savedText = () => (existsSync(saved()) ? readFileSync(saved(), "utf8") : "");
const updates = (terminal: Terminal) => terminal.frames.filter((frame) => frame.type === "status_update");
const restored = "Session restored: 2 windows; running programs ended";
const isRestored = (frame: Terminal["frames"][number]) => frame.message === restored;

/** What a screen of 80 columns shows of a session that came back. */
function cameBack(marker: string): RegExp {
  return new RegExp(
    `^${marker}$[\\s\\S]*^— restored after a restart: 2 windows and scrollback; running programs ended —$`,
    "m",
  );
}

describe("a session", () => {
  it("comes back when its environment is restarted, and who watches is told what did not", async () => {
    const terminal = await person.openTerminal(environmentId);
    await terminal.sees(/[$#] *$/);
    tmux("new-window", "-d", "-n", "second", "-t", "=main:");
    terminal.type("mkdir -p deep; cd deep; sleep 1000 & echo kept-$((1+1))\r");
    await terminal.sees(/^kept-2$/m);
    expect((await person.call("POST", `/environments/${environmentId}/restart`)).status).toBe(200);
    await terminal.sees(cameBack("kept-2"), 40_000);
    await vi.waitUntil(() => updates(terminal).some(isRestored), { timeout: 20_000 });
    expect(updates(terminal).filter(isRestored)).toEqual([
      {
        type: "status_update",
        status: "running",
        phase: "running",
        message: restored,
        reason: "session_restored",
        progress: null,
      },
    ]);
    expect(tmux("list-windows", "-t", "=main", "-F", "#{window_name}").toString()).toMatch(/\nsecond\n$/);
    await terminal.close();
  });

  it("tells who joins next, until somebody types", async () => {
    const next = await person.openTerminal(environmentId);
    await next.sees(cameBack("kept-2"));
    expect(updates(next)).toMatchObject([{ phase: "running", message: restored }]);
    next.type("clear; echo jobs=$(jobs | wc -l) in $(basename $PWD).\r");
    await next.sees(/^jobs=0 in deep\.$/m);
    await vi.waitUntil(
      async () =>
        ((await person.call("GET", `/environments/${environmentId}`)).body as { status_message: null })
          .status_message === null,
      { timeout: 20_000 },
    );
    const later = await person.openTerminal(environmentId);
    await later.sees(/deep/);
    expect(updates(later)).toEqual([]);
    await Promise.all([next.close(), later.close()]);
  });

  const long = { timeout: 180_000 };
  it("comes back when its tmux server was killed, with all that is older than half a minute", long, async () => {
    const terminal = await person.openTerminal(environmentId);
    terminal.type("clear; echo later-$((1+2))\r");
    await terminal.sees(/^later-3$/m);
    await vi.waitUntil(() => savedText().includes("later-3"), { timeout: 80_000, interval: 100 });
    process.kill(Number(tmux("display-message", "-p", "#{pid}")), "SIGKILL");
    await terminal.sees(cameBack("later-3"), 40_000);
    await vi.waitUntil(() => updates(terminal).some(isRestored), { timeout: 20_000 });
    terminal.type("clear; pwd\r");
    await terminal.sees(/deep$/m);
    await terminal.close();
  });
});
