/** Programs and terminals over exec, against what a real cluster does to them (the numbers are kubernetes.md's lines). */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { KubernetesRuntime } from "../../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import { tmuxProgram } from "../../../../bridge/runtime/kubernetes/manifests/places.ts";
import { Pod } from "../../../../bridge/runtime/kubernetes/pod.ts";
import { clientOf } from "../../../support/kubernetes/client.ts";
import { endOf, viewerOf } from "../../support/viewer.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, namespace, podOn, startUp } from "./ground.ts";

const size = { cols: 90, rows: 28 };
const within = { timeout: 15_000, interval: 20 };

describe("exec", { timeout: 60_000 }, () => {
  let ground: ClusterGround;
  let runtime: KubernetesRuntime;
  let id: string;
  let pod: Pod;

  beforeAll(async () => {
    ground = await makeGround();
    runtime = ground.open();
    const environment = desiredEnvironment();
    id = environment.id;
    await startUp(runtime, environment);
    pod = podOn(ground, id);
  });
  afterAll(async () => {
    await runtime.close();
    await ground.dispose();
  });
  beforeEach(() => {
    ground.cluster.exec.setProtocols("v5.channel.k8s.io", "v4.channel.k8s.io");
    ground.cluster.exec.setTranslating(false);
  });

  const attach = async () => {
    const stream = await runtime.attach(id, "main", size);
    return { stream, ...viewerOf(stream, size) };
  };
  const sh = async (script: string) => (await pod.run(["sh", "-c", script])).stdout.toString().trim();
  const clients = async (format = "#{client_pid}") =>
    (await sh(`${tmuxProgram.join(" ")} list-clients -F '${format}'`)).split("\n").filter((line) => line !== "");
  const phase = async () => (await runtime.observe())[0]?.phase;

  it.each([true, false])(
    "1, 3: leaves no stale client behind when connections are lost (in order: %s)",
    async (isInOrder) => {
      for (let round = 0; round < 3; round += 1) {
        const { stream, ask } = await attach();
        await ask("true");
        const ended = endOf(stream);
        ground.cluster.exec.dropAll(isInOrder);
        await ended;
      }
      await (await attach()).ask("true");
      await vi.waitFor(async () => expect(await clients()).toHaveLength(1), within);
    },
  );

  it("1: hangs up its client when it is closed, and nobody else's", async () => {
    const { stream, ask } = await attach();
    await ask("true");
    const ended = endOf(stream);
    stream.close();
    await ended;
    await vi.waitFor(async () => expect(await clients()).toEqual([]), within);
    expect(await phase()).toBe("running");
  });

  it("2: takes no session for ended because its client is said to have ended", async () => {
    const { stream, ask } = await attach();
    const pid = await ask("echo $$");
    const ended = endOf(stream);
    ground.cluster.exec.restartContainerd();
    await ended;
    expect(await phase()).toBe("running");
    expect(await (await attach()).ask("echo $$")).toBe(pid);
  });

  it("4: waits out a kubelet that has just begun", async () => {
    const { stream, ask } = await attach();
    const pid = await ask("echo $$");
    const ended = endOf(stream);
    ground.cluster.exec.restartKubelet([500, 404, 404]);
    await ended;
    expect(await (await attach()).ask("echo $$")).toBe(pid);
  });

  it("4: waits it out too where a server shakes hands before it asks the node", async () => {
    ground.cluster.exec.setTranslating(true);
    ground.cluster.exec.restartKubelet([500, 404, 404]);
    const input = Buffer.from("typed");
    expect((await pod.run(["head", "-c", "5"], { input })).stdout.toString()).toBe("typed");
    ground.cluster.exec.restartKubelet([500]);
    await expect(pod.run(["/no/such/program"])).rejects.toMatchObject({ kind: "invalid" });
    const gone = new Pod(pod.calls, "env-nothing", () => false).run(["true"]);
    await expect(gone).rejects.toMatchObject({ kind: "not_found" });
  });

  it("6: has its size before anything else, and sends no size that would freeze it", async () => {
    const { stream, ask } = await attach();
    expect(await ask("stty size")).toBe("28 90");
    for (const cols of [65_536, 80.5, 0, -1]) expect(() => stream.resize({ cols, rows: 24 })).toThrow();
    expect(await ask("echo $((6*7))")).toBe("42");
  });

  it("7: has a terminal with colours whatever the pod's own is", async () => {
    const { ask } = await attach();
    expect(await ask("echo $TERM $COLORTERM")).toBe("xterm-256color truecolor");
    await vi.waitFor(async () => expect(await clients("#{client_termname}")).toEqual(["xterm-256color"]), within);
  });

  it("8: tells exit codes, and programs that are not there", async () => {
    expect(await pod.run(["sh", "-c", "echo out; echo err >&2; exit 7"])).toMatchObject({ exitCode: 7, stderr: "err" });
    await expect(pod.run(["/no/such/program"])).rejects.toMatchObject({ kind: "invalid" });
    expect((await pod.run(["printf", "%s", "$(id) ;'\"\n#{x}"])).stdout.toString()).toBe("$(id) ;'\"\n#{x}");
  });

  it.each(["v5.channel.k8s.io", "v4.channel.k8s.io"] as const)(
    "9, 10: carries bytes both ways by %s",
    async (protocol) => {
      ground.cluster.exec.setProtocols(protocol);
      const input = Buffer.from("é€😀".repeat(40_000));
      const { stdout } = await pod.run(["sh", "-c", 'head -c "$1"', "sh", String(input.length)], { input });
      expect(stdout.equals(input)).toBe(true);
      expect(await (await attach()).ask("echo $((6*7))")).toBe("42");
    },
  );

  it("bounds what a program prints, and how long it takes", async () => {
    const flood = pod.run(["sh", "-c", "yes"], { maxOutputBytes: 10_000 });
    await expect(flood).rejects.toMatchObject({ kind: "invalid" });
    await expect(pod.run(["sleep", "60"], { deadlineMs: 300 })).rejects.toMatchObject({ kind: "unavailable" });
    const given = AbortSignal.abort(new Error("no longer wanted"));
    await expect(pod.run(["true"], { signal: given })).rejects.toThrow("no longer wanted");
    await sh("pkill -x yes; pkill -x sleep; true");
  });

  it("takes a server that answers nothing for one that is away, and whoever ends the wait at his word", async () => {
    const end = ground.cluster.faults.add({ on: { resource: "pods/exec" }, mishap: { kind: "freeze" } });
    const program = { command: ["true"], tty: false, stdin: false };
    const events = { onOutput: () => {}, onEnd: () => {} };
    await expect(pod.open(program, events, AbortSignal.timeout(200))).rejects.toMatchObject({ kind: "unavailable" });
    const given = new AbortController();
    const opening = expect(pod.open(program, events, given.signal)).rejects.toThrow("no longer wanted");
    given.abort(new Error("no longer wanted"));
    await opening;
    end();
    ground.cluster.exec.restartKubelet([500, 500, 500, 500, 500, 500, 500, 500]);
    await expect(pod.open(program, events, AbortSignal.timeout(400))).rejects.toMatchObject({ kind: "unavailable" });
    ground.cluster.exec.restartKubelet([]);
  });

  it("12: tells a pod that is not there from one that may not be reached", async () => {
    const calls = pod.calls;
    const gone = new Pod(calls, "env-nothing", () => false).run(["true"]);
    await expect(gone).rejects.toMatchObject({ kind: "not_found" });
    await expect(podOn(ground, id, "nobody").run(["true"])).rejects.toMatchObject({ kind: "unauthorized" });
    const powerless = ground.cluster.tokens.issue("powerless", [{ verbs: ["get"], resources: ["pods", "pods/exec"] }]);
    await expect(podOn(ground, id, powerless).run(["true"])).rejects.toMatchObject({ kind: "forbidden_rbac" });
  });

  it("14: stops its source while it is paused, and loses nothing", async () => {
    const chunks: Buffer[] = [];
    const bytes = 64 * 1_048_576;
    const onEnd = vi.fn();
    const events = { onOutput: (piece: Buffer) => void chunks.push(piece), onEnd };
    const command = ["sh", "-c", `head -c ${bytes} /dev/zero; echo done >/tmp/flooded`];
    const channel = await pod.open({ command, tty: false, stdin: false }, events, AbortSignal.timeout(10_000));
    channel.pause();
    await expect(
      vi.waitUntil(() => sh("cat /tmp/flooded 2>/dev/null"), { timeout: 1_500, interval: 100 }),
    ).rejects.toThrow();
    const held = chunks.reduce((sum, { length }) => sum + length, 0);
    expect(held).toBeLessThan(4 * 1_048_576);
    channel.resume();
    await vi.waitUntil(() => onEnd.mock.calls.length > 0, within);
    expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(bytes);
  });

  it("paces a paste of a megabyte, which arrives as it was", async () => {
    const { stream, ask, shows } = await attach();
    await ask("true");
    const text = "0123456789abcdef".repeat(65_536);
    stream.write(`clear; stty raw -echo; echo ready; head -c ${text.length} | sha256sum; stty sane\r`);
    await shows(/^ready/m);
    stream.write(text);
    await shows(new RegExp(createHash("sha256").update(text).digest("hex")));
  });

  it("5: ends what is open in a pod that goes, also where the connection stays", async () => {
    ground.cluster.exec.freezeOnDeletion(true);
    const { stream, ask } = await attach();
    await ask("true");
    const ended = endOf(stream);
    await clientOf(ground.cluster).core.deleteNamespacedPod({ name: pod.name, namespace });
    await ended;
    await expect(runtime.attach(id, "main", size)).rejects.toMatchObject({ code: "not_running" });
  });
});
