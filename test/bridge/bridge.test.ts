/** The bridge as the edge sees it: real sockets, real tmux. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { logsWindow, mainWindow, terminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { desiredEnvironment } from "./runtime/contract.ts";
import { startBridge, type TestBridge } from "./support/bridge.ts";

/** For the shell: what is typed may be read before tmux has given the pane its size. */
const sizeBecomes = (size: string) => `until stty size | grep '${size}'; do sleep 0.05; done`;

describe("bridge", () => {
  let bridge: TestBridge;
  beforeEach(async () => {
    bridge = await startBridge();
    await vi.waitUntil(() => bridge.edge.link !== null, 20_000);
  });
  afterEach(() => bridge.stop());

  const start = async (change: Parameters<typeof desiredEnvironment>[0] = {}) => {
    const environment = desiredEnvironment(change);
    bridge.edge.desire(environment);
    await bridge.edge.becomes(environment.id, "running");
    return environment;
  };
  const main = (id: string) => terminalId(id, mainWindow);
  const join = async (id: string) => {
    const end = await bridge.edge.watch(main(id));
    return { end, ...(await end.join()) };
  };

  it("brings a desired environment up and passes typing and output", async () => {
    const { id } = await start();
    const { end, ask } = await join(id);
    expect(await ask("echo $((6*7))")).toBe("42");
    expect(end.faults).toEqual([]);
  });

  it("gives the screen once the environment runs, to a socket that was there before", async () => {
    const environment = desiredEnvironment({ desired: "stopped" });
    bridge.edge.desire(environment);
    const end = await bridge.edge.watch(main(environment.id));
    await end.message("detached");
    end.send({ type: "resize", cols: 70, rows: 20, alone: true });
    bridge.edge.desire({ ...environment, desired: "running", generation: 1 });
    expect(await end.message("attached")).toMatchObject({ cols: 70, rows: 20 });
    expect(await end.viewer.ask(sizeBecomes("20 70"))).toBe("20 70");
  });

  it("follows a resize of somebody alone at once and counts generations", async () => {
    const { id } = await start();
    const { end, ask } = await join(id);
    end.send({ type: "resize", cols: 61, rows: 17, alone: true });
    expect(await end.message("size")).toMatchObject({ cols: 61, rows: 17, gen: 1 });
    expect(await ask(sizeBecomes("17 61"))).toBe("17 61");
    end.send({ type: "resize", cols: 61, rows: 17, alone: true });
    expect(await ask("echo same")).toBe("same");
    expect(end.messages.filter((each) => each.type === "size")).toHaveLength(1);
  });

  it("carries full-screen programs, colours, Ctrl-C and Ctrl-B", async () => {
    const { id } = await start();
    const { end, ask, shows, terminal } = await join(id);
    end.type("vim -u NONE file\r");
    await shows(/~ +~/);
    end.type("ihello\u0002there\u001b:wq\r");
    expect(await ask("od -c file | head -1")).toMatch(/h {3}e {3}l {3}l {3}o 002 {3}t/);
    end.type("htop\r");
    await shows(/F10Quit/);
    end.type("q");
    end.type("clear; sh -c 'echo going; exec sleep 100'\r");
    await shows(/^going/);
    end.type("\u0003");
    expect(await ask("echo after")).toBe("after");
    expect(await ask("printf '\\033[38;5;201mX\\033[48;2;1;2;3mY\\033[0m'; tput colors")).toMatch(/XY256/);
    const cells = Array.from({ length: terminal.rows }, (_, row) => terminal.buffer.active.getLine(row)?.getCell(4));
    expect(cells.some((cell) => cell?.isFgPalette() && cell.getFgColor() === 201)).toBe(true);
  });

  it("keeps shell, screen and viewers' way through a restart of the bridge", async () => {
    const { id } = await start();
    const first = await join(id);
    const pid = await first.ask("echo $$");
    first.end.type("echo still-$((1+1))-here\r");
    await first.shows(/still-2-here/);
    await bridge.restart();
    const second = await join(id);
    await second.shows(/still-2-here/);
    expect(await second.ask("echo $$")).toBe(pid);
  });

  it("keeps the tmux client while nobody watches, and goes on at the same place", async () => {
    const { id } = await start();
    const first = await join(id);
    await first.ask("true");
    const { epoch } = await first.end.message("hello");
    first.end.type("sleep 0.3; echo meanwhile\r");
    bridge.edge.unwatch(main(id));
    await vi.waitUntil(() => first.end.socket.readyState === first.end.socket.CLOSED, 20_000);
    const second = await join(id);
    expect((await second.end.message("hello")).epoch).toBe(epoch);
    await second.shows(/^meanwhile/m);
    expect(second.end.faults).toEqual([]);
  });

  it("dials a lost data socket and a lost link again", async () => {
    const { id } = await start();
    const first = await join(id);
    const pid = await first.ask("echo $$");
    const lostLink = bridge.edge.link;
    lostLink?.terminate();
    first.end.socket.terminate();
    await vi.waitUntil(() => bridge.edge.link !== lostLink && bridge.edge.link !== null, { timeout: 20_000 });
    const end = await bridge.edge.dataEnd(main(id));
    const { ask } = await end.join();
    expect(await ask("echo $$")).toBe(pid);
  });

  it("gives a fresh shell after exit without losing its viewers", async () => {
    const { id } = await start();
    const { end, ask, shows } = await join(id);
    const pid = await ask("echo $$");
    end.type("exit\r");
    await shows(/this is a fresh one/);
    expect(await ask("echo $$")).not.toBe(pid);
    expect(end.messages.map((each) => each.type)).not.toContain("detached");
  });

  it("brings back a server that was killed by hand, and its viewers get the new screen", async () => {
    const { id } = await start();
    const { end, ask } = await join(id);
    const pid = await ask("echo $$");
    await ask("echo kept > file");
    end.type("tmux -S $(dirname $TMUX_TMPDIR)/$DEVPOCKET_ENVIRONMENT_ID kill-server\r");
    await end.message("detached");
    const types = () => end.messages.map((each) => each.type);
    await vi.waitUntil(() => types().lastIndexOf("attached") > types().lastIndexOf("detached"), { timeout: 20_000 });
    expect(await ask("cat file")).toBe("kept");
    expect(await ask("echo $$")).not.toBe(pid);
  });

  it("sends no byte to the shell that nobody typed, however often a client attaches or joins", async () => {
    const { id } = await start();
    const first = await join(id);
    await first.ask("true");
    first.end.type("clear; echo begin; cat -v\r");
    await first.shows(/^begin/);
    const answers: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      await bridge.restart();
      const { end } = await join(id);
      end.terminal.onData((data) => answers.push(data));
      await end.snapshot();
    }
    const last = await join(id);
    last.end.type("typed\r");
    await last.shows(/typed\ntyped\n/);
    expect(last.screen().trim()).toBe("begin\ntyped\ntyped");
    expect(answers).toEqual([]);
  });

  it("has a program's question answered once, by tmux, also with somebody watching who could answer", async () => {
    const { id } = await start();
    const { end, ask } = await join(id);
    end.terminal.onData((data) => end.type(data));
    await ask(
      "stty raw -echo; printf '\\033[c\\033[6n'; sleep 0.3; dd iflag=nonblock of=answers 2>/dev/null; stty sane",
    );
    expect(await ask("tr -dc 'cR' < answers")).toBe("cR");
  });

  it("bounds what a flood sends and answers Ctrl-C", async () => {
    const { id } = await start();
    const { end, ask } = await join(id);
    end.type("yes flooding-the-terminal\r");
    await vi.waitUntil(() => end.outputBytes > 60_000, { timeout: 20_000 });
    end.type("\u0003");
    expect(await ask("echo after")).toBe("after");
    expect(end.faults).toEqual([]);
    expect(Math.max(...end.frames.map((frame) => frame.bytes.length))).toBeLessThanOrEqual(16_384);
  });

  it("never cuts a character, whatever the chunks are", async () => {
    const { id } = await start();
    const { end, shows } = await join(id);
    end.type("clear; for i in $(seq 2000); do printf 'é€😀日本%s' $i; done; echo; echo end-$((1+1))\r");
    await shows(/end-2/);
    expect(end.faults).toEqual([]);
    expect(end.viewer.screen()).not.toContain("\ufffd");
  });

  it("passes logs: the log so far to who joins, then what is new", async () => {
    const environment = desiredEnvironment({
      startup_commands: ["echo early; while [ ! -e go ]; do sleep 0.05; done; echo late"],
    });
    bridge.edge.desire(environment);
    await bridge.edge.becomes(environment.id, "installing");
    const logs = await bridge.edge.watch(terminalId(environment.id, logsWindow));
    await logs.message("hello");
    const texts = () => logs.logs().map((each) => (each.type === "installation_log" ? each.data : each.type));
    await vi.waitUntil(() => texts().includes("early"), { timeout: 20_000 });
    logs.send({ type: "snapshot" });
    await vi.waitUntil(() => logs.messages.some((each) => each.type === "logs" && each.replay?.ends === true), {
      timeout: 20_000,
    });
    const { ask } = await join(environment.id);
    await ask("touch go");
    await vi.waitUntil(() => texts().includes("late") && texts().includes("installation_complete"), {
      timeout: 20_000,
    });
    expect((await bridge.edge.becomes(environment.id, "running")).installation_completed).toBe(true);
  });

  it("answers questions about logs and metrics, and says what it cannot tell", async () => {
    const { id } = await start();
    const metrics = await bridge.edge.ask({ kind: "metrics", environment_id: id });
    expect(metrics).toMatchObject({ kind: "metrics", readings: { network_in: null } });
    const logs = await bridge.edge.ask({ kind: "logs", environment_id: id, lines: 10 });
    expect(logs).toMatchObject({ kind: "logs", has_more: false });
    const unknown = desiredEnvironment().id;
    expect(await bridge.edge.ask({ kind: "metrics", environment_id: unknown })).toMatchObject({ code: "not_found" });
  });

  it("stops, restarts and deletes as desired, and reports each", async () => {
    const environment = await start();
    const { id } = environment;
    bridge.edge.desire({ ...environment, desired: "stopped" });
    await bridge.edge.becomes(id, "stopped");
    bridge.edge.desire({ ...environment, generation: 2 });
    await bridge.edge.becomes(id, "running");
    bridge.edge.desire({ ...environment, generation: 3 });
    await vi.waitUntil(() => bridge.edge.reported(id)?.generation === 3, 20_000);
    bridge.edge.desire({ ...environment, generation: 3, desired: "deleted" });
    await vi.waitUntil(() => bridge.edge.desired.length === 0, { timeout: 20_000 });
    expect(bridge.edge.reported(id)?.phase).toBe("gone");
  });

  it("keeps environments running and catches up when the edge fails for a while", async () => {
    const { id } = await start();
    bridge.edge.failWith = 503;
    const other = desiredEnvironment();
    const pulls = bridge.edge.pulls;
    bridge.edge.desire(other);
    const { ask } = await join(id);
    expect(await ask("echo alive")).toBe("alive");
    bridge.edge.failWith = null;
    await bridge.edge.becomes(other.id, "running");
    expect(bridge.edge.pulls).toBeGreaterThan(pulls);
    expect(bridge.edge.reported(id)?.phase).toBe("running");
  });
});
