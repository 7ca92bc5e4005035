/** Pod logs: everything a client can ask of them, following, and what breaks a follower. */
import { PassThrough } from "node:stream";
import { Log } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, clientOf, eventually, namespace, run, runningPod } from "./client.ts";
import { type FakeCluster, startFakeCluster } from "./cluster.ts";

let cluster: FakeCluster;
let client: Client;

/** Prints what is written into /tmp/say, line by line. */
const echo = "mkfifo /tmp/say; echo ready; while :; do cat /tmp/say; done";
const say = (pod: string, text: string) => run(client, pod, ["sh", "-c", `printf '${text}' > /tmp/say`]);
const read = (name: string, options: object = {}) => client.core.readNamespacedPodLog({ name, namespace, ...options });

beforeAll(async () => {
  cluster = await startFakeCluster({ namespaces: [namespace] });
  client = clientOf(cluster);
});
afterAll(() => cluster.close());

async function speaking(name: string, text: string): Promise<void> {
  await runningPod(client, name, echo);
  await eventually(async () => (await read(name)) === "ready\n");
  await say(name, text);
  await eventually(async () => (await read(name)).split("\n").length > text.split("\\n").length);
}

describe("logs", () => {
  it("give all, the newest lines, some bytes, or what came since a time", async () => {
    await speaking("said", "one\\ntwo\\nthree\\n");
    expect(await read("said")).toBe("ready\none\ntwo\nthree\n");
    expect(await read("said", { tailLines: 2 })).toBe("two\nthree\n");
    expect(await read("said", { limitBytes: 8 })).toBe("ready\non");
    expect(await read("said", { sinceSeconds: 3600 })).toContain("one");
    const stamped = (await read("said", { timestamps: true })).trim().split("\n");
    for (const line of stamped) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z \w+$/);
    const times = stamped.map((line) => line.split(" ")[0] ?? "");
    expect(new Set(times).size).toBe(4);
  });

  it("cut sinceTime to whole seconds: what was said in the same second comes again", async () => {
    await speaking("again", "one\\ntwo\\n");
    const last = (await read("again", { timestamps: true })).trim().split("\n").at(-1)?.split(" ")[0] ?? "";
    const query = new URLSearchParams({ sinceTime: last });
    const chunks: string[] = [];
    const stream = new PassThrough();
    stream.on("data", (bytes) => chunks.push(String(bytes)));
    const ended = new Promise((resolve) => stream.on("end", resolve));
    await new Log(client.config).log(namespace, "again", "main", stream, { sinceTime: query.get("sinceTime") ?? "" });
    await ended;
    expect(chunks.join("")).toMatch(/two\n$/);
  });

  it("are followed line by line, until the connection is cut", async () => {
    await speaking("followed", "one\\n");
    const stream = new PassThrough();
    const chunks: string[] = [];
    stream.on("data", (bytes) => chunks.push(String(bytes)));
    await new Log(client.config).log(namespace, "followed", "main", stream, { follow: true, tailLines: 1 });
    await eventually(() => chunks.join("") === "one\n");
    await say("followed", "two\\nthree\\n");
    await eventually(() => chunks.join("") === "one\ntwo\nthree\n");
    const followers = cluster.logs.followers;
    expect(followers).toBe(1);
    // The library lets an error of the body escape; here only what the server does is asked for.
    stream.on("error", () => {});
    cluster.logs.rotate(namespace, "followed", 1);
    expect(await read("followed")).toBe("three\n");
    await client.core.deleteNamespacedPod({ name: "followed", namespace, gracePeriodSeconds: 0 });
    await eventually(() => cluster.logs.followers === 0);
  });

  it("are refused with words: no pod, no such container, none before, not started yet", async () => {
    await runningPod(client, "quiet");
    await expect(read("nowhere")).rejects.toMatchObject({ code: 404 });
    await expect(read("quiet", { container: "other" })).rejects.toMatchObject({
      code: 400,
      body: expect.stringContaining("container other is not valid for pod quiet"),
    });
    await expect(read("quiet", { previous: true })).rejects.toMatchObject({
      code: 400,
      body: expect.stringContaining("previous terminated container"),
    });
    cluster.images.set("gone:1", "missing");
    const containers = [{ name: "main", image: "gone:1" }];
    await client.core.createNamespacedPod({ namespace, body: { metadata: { name: "waiting" }, spec: { containers } } });
    await eventually(async () =>
      (await read("waiting").catch((error) => String(error.body))).includes("trying and failing to pull image"),
    );
  });
});
