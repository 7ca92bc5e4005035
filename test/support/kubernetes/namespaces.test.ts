/** Namespaces as a cluster has them: what bounds their contents, what is in all of them, and how they end. */
import { ApiException } from "@kubernetes/client-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, clientOf, eventually, namespace } from "./client.ts";
import { type FakeCluster, startFakeCluster } from "./cluster.ts";

let cluster: FakeCluster;
let client: Client;
beforeEach(async () => {
  cluster = await startFakeCluster({ namespaces: [namespace] });
  client = clientOf(cluster);
});
afterEach(() => cluster.close());

const refusal = async (call: Promise<unknown>) => {
  const error = await call.catch((thrown: unknown) => thrown);
  if (!(error instanceof ApiException)) throw new Error(`not refused: ${String(error)}`);
  return JSON.parse(String(error.body)) as { code: number; message: string; details?: { causes?: object[] } };
};
const container = (name: string, cpu?: string) => ({
  name,
  image: "debian:12",
  command: ["sleep", "60"],
  ...(cpu === undefined ? {} : { resources: { limits: { cpu } } }),
});
const make = (name: string, cpu?: string, preparing?: string) => {
  const initContainers = preparing === undefined ? [] : [container("before", preparing)];
  const body = { metadata: { name }, spec: { initContainers, containers: [container("main", cpu)] } };
  return client.core.createNamespacedPod({ namespace, body });
};
const claim = (name: string, storage: string) => {
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } };
  return client.core.createNamespacedPersistentVolumeClaim({ namespace, body: { metadata: { name }, spec } });
};

describe("a namespace", () => {
  it("gives containers its range's defaults, and lets none and no claim be larger than that", async () => {
    const limits = [
      { type: "Container", max: { cpu: "1" }, _default: { cpu: "500m" } },
      { type: "PersistentVolumeClaim", max: { storage: "1Gi" } },
    ];
    await client.core.createNamespacedLimitRange({
      namespace,
      body: { metadata: { name: "range" }, spec: { limits } },
    });
    expect((await make("small")).spec?.containers[0]?.resources?.limits).toEqual({ cpu: "500m" });
    for (const large of [make("large", "2"), make("large", "1", "1500m")])
      expect(await refusal(large)).toMatchObject({
        code: 403,
        message: expect.stringMatching(/maximum cpu usage per Container is 1, but limit is (2|1500m)$/),
      });
    expect((await refusal(claim("large", "2Gi"))).message).toContain(
      "maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi",
    );
  });

  it("counts by its quota what pods take, of those that prepare only the largest", async () => {
    const body = { metadata: { name: "quota" }, spec: { hard: { "limits.cpu": "3", pods: "5" } } };
    await client.core.createNamespacedResourceQuota({ namespace, body });
    await make("one", "1", "2");
    const { status } = await client.core.readNamespacedResourceQuota({ name: "quota", namespace });
    expect(status).toEqual({ hard: { "limits.cpu": "3", pods: "5" }, used: { "limits.cpu": "2", pods: "1" } });
    expect((await refusal(make("two", "2"))).message).toContain(
      "exceeded quota: quota, requested: limits.cpu=2, used: limits.cpu=2, limited: limits.cpu=3",
    );
    await make("three", "1");
  });

  it("lets a pod in only once it has its account, which comes soon after it", async () => {
    await cluster.close();
    cluster = await startFakeCluster({ timings: { serviceAccountMs: 300 } });
    client = clientOf(cluster);
    await client.core.createNamespace({ body: { metadata: { name: namespace } } });
    expect((await refusal(make("early"))).message).toBe(
      `pods "early" is forbidden: error looking up service account ${namespace}/default: serviceaccount "default" not found`,
    );
    await eventually(async () => (await client.core.listNamespacedServiceAccount({ namespace })).items.length === 1);
    await make("later");
  });

  it("ends with everything in it, takes nothing new meanwhile, and waits for finalizers", async () => {
    const finalizers = ["example.com/mine"];
    const held = { metadata: { name: "held", finalizers } };
    await client.core.createNamespacedConfigMap({ namespace, body: held });
    await client.core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "free" } } });
    await client.core.deleteNamespace({ name: namespace });
    expect((await client.core.readNamespace({ name: namespace })).status?.phase).toBe("Terminating");
    const names = (await client.core.listConfigMapForAllNamespaces()).items.map(({ metadata }) => metadata?.name);
    expect(names).toEqual(["held"]);
    const late = client.core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "late" } } });
    expect(await refusal(late)).toMatchObject({ code: 403, details: { causes: [{ reason: "NamespaceTerminating" }] } });
    await client.core.replaceNamespacedConfigMap({ name: "held", namespace, body: { metadata: { name: "held" } } });
    await eventually(async () => {
      const found = await client.core.readNamespace({ name: namespace }).catch((thrown: unknown) => thrown);
      return found instanceof ApiException && found.code === 404;
    });
  });
});
