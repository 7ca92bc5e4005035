/** Lines 13-15: what keeps an exec alive, and who waits for whom. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Client, clientOf, eventually, namespace, open, run, runningPod } from "./client.ts";
import { type FakeCluster, startFakeCluster } from "./cluster.ts";

const shell = ["sh", "-c"];
let cluster: FakeCluster;
let client: Client;

beforeAll(async () => {
  cluster = await startFakeCluster({ namespaces: [namespace] });
  client = clientOf(cluster);
  await runningPod(client, "pod");
});
afterAll(() => cluster.close());

const bytesWritten = async (file: string) =>
  Number((await run(client, "pod", [...shell, `stat -c %s ${file}`])).output);

describe("keep-alive and back-pressure", () => {
  it("13: the idle timer ends a silent exec with 1006, pings or not; an empty input frame resets it", async () => {
    const impatient = await startFakeCluster({ namespaces: [namespace], timings: { execIdleMs: 400 } });
    const its = clientOf(impatient);
    await runningPod(its, "pod");
    const [pinged, fed] = await Promise.all([open(its, "pod", ["cat"], true), open(its, "pod", ["cat"], true)]);
    const pings = setInterval(() => pinged.socket.ping(), 50);
    const frames = setInterval(() => fed.socket.send(Buffer.of(0)), 50);
    expect(await pinged.closed).toBe(1006);
    expect(fed.socket.readyState).toBe(fed.socket.OPEN);
    clearInterval(pings);
    clearInterval(frames);
    expect(await fed.closed).toBe(1006);
    await impatient.close();
  });

  it("13: pongs stop while the input is blocked, and come again when it is read", async () => {
    const { socket, status } = await open(client, "pod", [
      ...shell,
      "until [ -e /tmp/read ]; do sleep 0.02; done; cat > /tmp/sink",
    ]);
    const pong = vi.fn();
    socket.on("pong", pong);
    const before = new Promise((resolve) => socket.once("pong", resolve));
    socket.ping();
    await before;
    for (let sent = 0; sent < 12; sent += 1) socket.send(Buffer.concat([Buffer.of(0), Buffer.alloc(2 ** 20, "x")]));
    socket.ping();
    await run(client, "pod", ["true"]);
    expect(pong).toHaveBeenCalledTimes(1);
    await run(client, "pod", ["touch", "/tmp/read"]);
    await eventually(() => pong.mock.calls.length === 2, { timeout: 10_000 });
    socket.send(Buffer.of(255, 0));
    expect(await status).toMatchObject({ status: "Success" });
    expect(await bytesWritten("/tmp/sink")).toBe(12 * 2 ** 20);
  });

  it.each([false, true])(
    "14: a producer stops dead while the client pauses, and goes on after (terminal: %s)",
    async (isTerminal) => {
      const total = 32 * 2 ** 20;
      const file = `/tmp/progress-${isTerminal}`;
      const flood = `i=0; while [ $i -lt 32 ]; do head -c 1048576 /dev/zero | tr '\\0' x; i=$((i+1)); echo $i > ${file}; done`;
      const { socket, status, output } = await open(client, "pod", [...shell, flood], isTerminal);
      socket.pause();
      const progress = async () => (await run(client, "pod", [...shell, `cat ${file} 2>/dev/null`])).output;
      // It has stopped once two looks see the same.
      let before = "";
      await eventually(
        async () => {
          const now = await progress();
          const hasStopped = now === before;
          before = now;
          return hasStopped;
        },
        { timeout: 10_000, interval: 100 },
      );
      expect(Number(await progress())).toBeLessThan(24);
      socket.resume();
      await status;
      expect(output().length).toBe(total);
    },
  );

  it("15: a tmux behind an exec draws, types and is left alone by the socket's end", async () => {
    const attach = [...shell, "tmux -f /dev/null -S /tmp/tmux.sock -u new-session -A -s main sh"];
    const first = await open(client, "pod", attach, true);
    first.socket.send(Buffer.concat([Buffer.of(4), Buffer.from(JSON.stringify({ Width: 80, Height: 24 }))]));
    first.input.write("echo $((6*7))\r");
    await first.shows(/42/);
    first.socket.terminate();
    await first.closed;
    const clients = [...shell, "tmux -S /tmp/tmux.sock list-clients -F '#{client_tty}'"];
    expect((await run(client, "pod", clients)).output).toMatch(/^\/dev\/pts\/\d+\n$/);
  });
});
