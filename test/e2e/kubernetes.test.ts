/** The whole product over pods: as shell.test.ts, with the bridge in a cluster instead of on this machine. */
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { resourceOf } from "../support/kubernetes/api/resources.ts";
import { clientOf } from "../support/kubernetes/client.ts";
import { type FakeCluster, startFakeCluster } from "../support/kubernetes/cluster.ts";
import { type Person, register } from "./support/person.ts";
import { descendant } from "./support/processes.ts";
import { type Product, startProduct } from "./support/product.ts";
import { reopenTerminal, shellPid } from "./support/reopen.ts";

const namespace = "environments";
const kubeconfig = join(tmpdir(), `devpocket-kubeconfig-${process.pid}`);

describe("environments in a cluster", () => {
  let cluster: FakeCluster;
  let product: Product;
  let person: Person;
  let id: string;

  beforeAll(async () => {
    const restricted = { "pod-security.kubernetes.io/enforce": "restricted" };
    cluster = await startFakeCluster({
      namespaces: [{ name: namespace, labels: restricted }],
      images: { "python:3.12": "missing" },
    });
    await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
    const environment = { BRIDGE_RUNTIME: "kubernetes", KUBECONFIG: kubeconfig, DEVPOCKET_NAMESPACE: namespace };
    product = await startProduct({ environment });
  });
  afterAll(async () => {
    await product?.stop();
    await cluster?.close();
    await rm(kubeconfig, { force: true });
  });

  const pods = () => cluster.store.list(resourceOf("pods"), namespace);
  const left = () =>
    ["pods", "secrets", "services", "persistentvolumeclaims"].flatMap((resource) =>
      cluster.store.list(resourceOf(resource), namespace).map(({ metadata }) => `${resource}/${metadata.name}`),
    );
  const status = async () => (await person.call("GET", `/environments/${id}`)).body as Record<string, unknown>;

  it("tell their owner why they do not start", async () => {
    person = await register(product.url);
    id = (await person.createEnvironment()).id;
    const seen = await vi.waitUntil(
      async () => {
        const found = await status();
        return found["phase_reason"] === "image_pull_failed" ? found : null;
      },
      { timeout: 40_000, interval: 500 },
    );
    expect(seen["status_message"]).toContain("python:3.12");
  });

  it("leave nothing behind when they are deleted", async () => {
    expect(left()).not.toEqual([]);
    await person.call("DELETE", `/environments/${id}`);
    await vi.waitUntil(() => left().length === 0, { timeout: 30_000, interval: 100 });
  });

  it("give a shell that is typed into and edits a file in vim", async () => {
    person = await register(product.url);
    id = (await person.createEnvironment({ name: "pod", template: "ubuntu" })).id;
    await vi.waitUntil(async () => (await status())["status"] === "running", { timeout: 40_000, interval: 500 });
    const terminal = await person.openTerminal(id);
    await terminal.sees(/[$#] *$/);
    terminal.type("clear; vi -u NONE note.txt\r");
    await terminal.sees(/^~$/m);
    terminal.type("ihélló from a pod\u001b:wq\r");
    await terminal.sees(/[$#] *$/);
    terminal.type("clear; pwd; cat note.txt\r");
    await terminal.sees(/^\/workspace\nhélló from a pod$/m);
    await terminal.close();
  });

  it("keep the shell when the bridge is killed", async () => {
    const terminal = await person.openTerminal(id);
    await terminal.sees(/[$#] *$/);
    const pid = await shellPid(terminal);
    process.kill(descendant(product.process.pid as number, /bridge\/main\.ts/).pid, "SIGKILL");
    const again = await reopenTerminal(person, id);
    expect(await shellPid(again)).toBe(pid);
    await Promise.all([terminal.close(), again.close()]);
  });

  it("come back with their files when the pod is deleted by hand", async () => {
    const [pod] = pods();
    await clientOf(cluster).core.deleteNamespacedPod({ name: pod?.metadata.name ?? "", namespace });
    await vi.waitUntil(() => pods().some(({ metadata }) => metadata.uid !== pod?.metadata.uid), { timeout: 30_000 });
    const terminal = await reopenTerminal(person, id);
    terminal.type("clear; cat note.txt\r");
    await terminal.sees(/^hélló from a pod$/m);
    await terminal.close();
  });
});
