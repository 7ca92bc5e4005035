/** Lines 1-12 of what a real Kubernetes does with exec: the fake does the same. */

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ErrorEvent } from "ws";
import { resourceOf } from "./api/resources.ts";
import { type Client, clientOf, namespace, open, podOf, run, runningPod } from "./client.ts";
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

const isAlive = async (pidFile: string) =>
  (await run(client, "pod", [...shell, `kill -0 $(cat ${pidFile}) && echo yes`])).output === "yes\n";

describe("exec", () => {
  it.each(["close", "terminate"] as const)("1: %s of the socket does not end the process, HUP does", async (how) => {
    const file = `/tmp/${how}`;
    const { socket, shows, closed } = await open(
      client,
      "pod",
      [...shell, `echo $$ > ${file}; echo here; exec sleep 600`],
      true,
    );
    await shows(/here/);
    socket[how]();
    await closed;
    expect(await isAlive(file)).toBe(true);
    await run(client, "pod", [...shell, `kill -HUP $(cat ${file})`]);
    await vi.waitUntil(async () => !(await isAlive(file)));
  });

  it("2: a containerd restart reports Success and 1000 while the process lives, then 500 twice", async () => {
    const { shows, status, closed } = await open(
      client,
      "pod",
      [...shell, "echo $$ > /tmp/alive; echo here; exec sleep 600"],
      true,
    );
    await shows(/here/);
    cluster.exec.restartContainerd();
    expect(await status).toMatchObject({ status: "Success" });
    expect(await closed).toBe(1000);
    for (const code of [500, 500])
      await expect(open(client, "pod", ["true"])).rejects.toMatchObject({
        message: expect.stringContaining(`${code}`),
      });
    expect(await isAlive("/tmp/alive")).toBe(true);
  });

  it.each([false, true])("3: the socket ends without a status (in order: %s)", async (isInOrder) => {
    const opened = await open(client, "pod", ["sleep", "600"], true);
    const told = vi.fn();
    void opened.status.then(told);
    cluster.exec.dropAll(isInOrder);
    expect(await opened.closed).toBe(isInOrder ? 1000 : 1006);
    expect(told).not.toHaveBeenCalled();
  });

  it("4: after a kubelet restart exec answers 500, 404, 404, then works; the process lives", async () => {
    const { shows, closed } = await open(
      client,
      "pod",
      [...shell, "echo $$ > /tmp/kubelet; echo here; exec sleep 600"],
      true,
    );
    await shows(/here/);
    cluster.exec.restartKubelet();
    expect(await closed).toBe(1006);
    for (const code of [500, 404, 404]) {
      await expect(open(client, "pod", ["true"])).rejects.toMatchObject({
        message: `Unexpected server response: ${code}`,
      });
    }
    expect(await isAlive("/tmp/kubelet")).toBe(true);
  });

  it("5: deleting the pod ends its execs with 137 and 1000", async () => {
    await runningPod(client, "deleted");
    const { shows, status, closed } = await open(client, "deleted", [...shell, "echo here; sleep 600"], true);
    await shows(/here/);
    await client.core.deleteNamespacedPod({ name: "deleted", namespace });
    expect(await status).toMatchObject({
      reason: "NonZeroExitCode",
      details: { causes: [{ reason: "ExitCode", message: "137" }] },
    });
    expect(await closed).toBe(1000);
  });

  it("5: elsewhere an exec stays open and frozen on a deleted pod", async () => {
    cluster.exec.freezeOnDeletion(true);
    await runningPod(client, "frozen");
    const { socket, status, shows } = await open(client, "frozen", [...shell, "echo here; sleep 600"], true);
    await shows(/here/);
    const told = vi.fn();
    void status.then(told);
    await client.core.deleteNamespacedPod({ name: "frozen", namespace });
    await vi.waitUntil(() => cluster.store.get(resourceOf("pods"), namespace, "frozen") === undefined, {
      timeout: 10_000,
    });
    cluster.exec.freezeOnDeletion(false);
    expect([socket.readyState, told.mock.calls.length]).toEqual([socket.OPEN, 0]);
    socket.terminate();
  });

  it("4: a server that drains keeps execs open and takes nothing new", async () => {
    const { input, shows, socket } = await open(client, "pod", ["cat"], true);
    const refused = expect(cluster.drain().then(() => open(client, "pod", ["true"]))).rejects.toBeDefined();
    await refused;
    input.write("still there\n");
    await shows(/still there/);
    socket.terminate();
    await cluster.serveAgain();
    expect((await run(client, "pod", ["echo", "again"])).output).toBe("again\n");
  });

  it("6: a terminal starts at 0x0, and one bad resize freezes it at the next", async () => {
    const { socket, input, shows, output } = await open(
      client,
      "pod",
      [...shell, "stty size; echo go; read x; stty size; cat"],
      true,
    );
    await shows(/0 0\s+go/);
    const resize = (size: unknown) => socket.send(Buffer.concat([Buffer.of(4), Buffer.from(JSON.stringify(size))]));
    resize({ Width: 100, Height: 30 });
    input.write("\n");
    await shows(/30 100/);
    resize({ width: 80.5, height: 24 });
    input.write("still\n");
    await shows(/still\r\nstill/);
    resize({ width: 80, height: 24 });
    const pong = vi.fn();
    socket.on("pong", pong);
    socket.ping();
    input.write("frozen\n");
    expect(await run(client, "pod", ["echo", "others work"])).toMatchObject({ output: "others work\n" });
    expect(output()).not.toContain("frozen");
    expect(pong).not.toHaveBeenCalled();
    socket.terminate();
  });

  it("7: a terminal's TERM is xterm whatever the pod says, LANG passes through, SHELL and USER are empty", async () => {
    const env = [
      { name: "TERM", value: "vt100" },
      { name: "LANG", value: "C.UTF-8" },
    ];
    const [container] = podOf("env").spec?.containers ?? [];
    await runningPod(client, "env", undefined, { containers: [{ ...container, name: "main", env }] });
    const { shows } = await open(client, "env", [...shell, 'echo "<$TERM $LANG $SHELL$USER>"'], true);
    await shows(/<xterm C.UTF-8 >/);
    expect((await run(client, "env", [...shell, "echo $TERM"])).output).toBe("vt100\n");
  });

  it("8: exit codes are texts in the causes, an unknown program is a 500", async () => {
    const failed = await run(client, "pod", [...shell, "echo out; exit 3"]);
    expect(failed).toMatchObject({ output: "out\n", code: 1000 });
    expect(failed.status).toMatchObject({
      status: "Failure",
      details: { causes: [{ reason: "ExitCode", message: "3" }] },
    });
    const unknown = await run(client, "pod", ["no-such-program"]);
    expect(unknown.status).toMatchObject({
      status: "Failure",
      code: 500,
      message: expect.stringContaining("not found in $PATH"),
    });
    const plain = await open(client, "pod", [...shell, "echo out; echo err >&2"]);
    await plain.status;
    expect([plain.output(), plain.errors()]).toEqual(["out\n", "err\n"]);
  });

  it("9: frames hold 32 KiB at most and cut characters; a frame over 32 MiB ends the connection", async () => {
    const { socket, input, closed, status, output } = await open(client, "pod", [
      ...shell,
      "head -c 90001 /dev/zero | tr '\\0' x; printf '€%.0s' $(seq 40000)",
    ]);
    const sizes: number[] = [];
    socket.on("message", (data: Buffer) => sizes.push(data.byteLength));
    await status;
    expect(Math.max(...sizes)).toBeLessThanOrEqual(32 * 1024 + 1);
    expect(output().endsWith("€€")).toBe(true);
    await closed;
    input.end();
    const big = await open(client, "pod", ["cat"]);
    big.input.write(Buffer.alloc(2 ** 20, "y"));
    await vi.waitUntil(() => big.output().length === 2 ** 20);
    big.socket.send(Buffer.alloc(40 * 2 ** 20));
    expect(await big.closed).not.toBe(1000);
  });

  it("10: v5 ends the input alone, v4 servers lose everything with it; on a terminal it ends nothing", async () => {
    const five = await open(client, "pod", ["wc", "-c"]);
    expect(five.socket.protocol).toBe("v5.channel.k8s.io");
    five.input.end("12345");
    expect(await five.status).toMatchObject({ status: "Success" });
    expect(five.output()).toBe("5\n");
    cluster.exec.setProtocols("v4.channel.k8s.io");
    const four = await open(client, "pod", ["wc", "-c"]);
    cluster.exec.setProtocols("v5.channel.k8s.io", "v4.channel.k8s.io");
    expect(four.socket.protocol).toBe("v4.channel.k8s.io");
    four.input.end("12345");
    await four.closed;
    expect(four.output()).toBe("");
    const terminal = await open(client, "pod", ["cat"], true);
    terminal.socket.send(Buffer.of(255, 0));
    terminal.input.write("on\n");
    await terminal.shows(/on\r\non/);
    terminal.socket.terminate();
  });

  it.each([["get"], ["create"]])("11: %s alone does not open an exec", async (verb) => {
    const token = cluster.tokens.issue("bridge", [{ verbs: [verb], resources: ["pods/exec"] }]);
    const refused = open(clientOf(cluster, token), "pod", ["true"]);
    await expect(refused).rejects.toMatchObject({ message: "Unexpected server response: 403" });
  });

  it("12: a refusal is an ErrorEvent with the code in its message alone", async () => {
    const refusal = async (pod: string, by = client) => {
      const error: ErrorEvent = await open(by, pod, ["true"]).then(
        () => Promise.reject(new Error("opened")),
        (event) => event,
      );
      expect(error).not.toBeInstanceOf(Error);
      return Number(/^Unexpected server response: (\d+)$/.exec(error.message)?.[1]);
    };
    expect(await refusal("nowhere")).toBe(404);
    expect(await refusal("pod", clientOf(cluster, "no-token"))).toBe(401);
    await client.core.createNamespacedPod({
      namespace,
      body: podOf("unscheduled", "true", { nodeSelector: { no: "node" } }),
    });
    expect(await refusal("unscheduled")).toBe(400);
    await client.core.createNamespacedPod({ namespace, body: podOf("over", "exit 0", { restartPolicy: "Never" }) });
    await vi.waitUntil(
      async () => (await client.core.readNamespacedPod({ name: "over", namespace })).status?.phase === "Succeeded",
    );
    expect(await refusal("over")).toBe(500);
  });
});
