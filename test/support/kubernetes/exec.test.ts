/** What befalls execs on a real cluster, by the finding's number, befalls them here on demand; the rest is in exec-findings.ts. */

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { resourceOf } from "./api/resources.ts";
import {
  type Client,
  clientOf,
  eventually,
  namespace,
  open,
  podOf,
  podThat,
  refusalOf,
  run,
  runningPod,
} from "./client.ts";
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
    await eventually(() => cluster.store.get(resourceOf("pods"), namespace, "frozen") === undefined, {
      timeout: 20_000,
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

  it("10: a server before 1.30 speaks v4, where ending the input loses output and status", async () => {
    cluster.exec.setProtocols("v4.channel.k8s.io");
    const four = await open(client, "pod", ["wc", "-c"]);
    cluster.exec.setProtocols("v5.channel.k8s.io", "v4.channel.k8s.io");
    expect(four.socket.protocol).toBe("v4.channel.k8s.io");
    four.input.end("12345");
    await four.closed;
    expect(four.output()).toBe("");
  });

  it.each([["get"], ["create"]])("11: %s alone does not open an exec", async (verb) => {
    const token = cluster.tokens.issue("bridge", [{ verbs: [verb], resources: ["pods/exec"] }]);
    const refused = open(clientOf(cluster, token), "pod", ["true"]);
    await expect(refused).rejects.toMatchObject({ message: "Unexpected server response: 403" });
  });

  it("12: no token, no node and no process are refused each in its own way", async () => {
    expect(await refusalOf(open(clientOf(cluster, "no-token"), "pod", ["true"]))).toBe(401);
    const unscheduled = podOf("unscheduled", "true", { nodeSelector: { no: "node" } });
    await client.core.createNamespacedPod({ namespace, body: unscheduled });
    expect(await refusalOf(open(client, "unscheduled", ["true"]))).toBe(400);
    await client.core.createNamespacedPod({ namespace, body: podOf("over", "exit 0", { restartPolicy: "Never" }) });
    await podThat(client, "over", ({ status }) => status?.phase === "Succeeded");
    expect(await refusalOf(open(client, "over", ["true"]))).toBe(500);
  });
});
