/** Line 17 and what it rests on: server-side apply, field managers, conflicts, and the refusals told apart only by words. */
import {
  ApiException,
  KubeConfig,
  KubernetesObjectApi,
  NetworkingV1Api,
  PatchStrategy,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiServer } from "../../../bridge/runtime/kubernetes/client/api-server.ts";
import { asApply, type Client, clientOf, namespace, podOf } from "./client.ts";
import { type FakeCluster, startFakeCluster } from "./cluster.ts";

let cluster: FakeCluster;
let client: Client;

beforeAll(async () => {
  const restricted = { name: "restricted", labels: { "pod-security.kubernetes.io/enforce": "restricted" } };
  cluster = await startFakeCluster({ namespaces: [namespace, restricted, "bounded"] });
  client = clientOf(cluster);
});
afterAll(() => cluster.close());

const configMap = (name: string, data: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});
const apply = (name: string, data: Record<string, string>, fieldManager = "devpocket-bridge", force = false) =>
  client.core.patchNamespacedConfigMap({ name, namespace, body: configMap(name, data), fieldManager, force }, asApply);

/** The refusal's Status and code. */
async function refusal(
  work: Promise<unknown>,
): Promise<{ code: number; status: Record<string, unknown> & { message: string } }> {
  const error: unknown = await work.then(
    () => new Error("not refused"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiException)) throw error;
  return { code: error.code, status: JSON.parse(String(error.body)) };
}

describe("server-side apply", () => {
  it("creates, owns what it set, and changes nothing when nothing changes", async () => {
    const made = await apply("owned", { a: "1", b: "2" });
    const [entry] = made.metadata?.managedFields ?? [];
    expect(entry).toMatchObject({
      manager: "devpocket-bridge",
      operation: "Apply",
      fieldsV1: { "f:data": { "f:a": {}, "f:b": {} } },
    });
    const again = await apply("owned", { a: "1", b: "2" });
    expect(again.metadata?.resourceVersion).toBe(made.metadata?.resourceVersion);
  });

  it("takes away what is no longer applied, and leaves what others own", async () => {
    await apply("shared", { a: "1", b: "2", c: "3" });
    await apply("shared", { c: "3", d: "4" }, "somebody");
    expect((await apply("shared", { a: "1" })).data).toEqual({ a: "1", c: "3", d: "4" });
  });

  it("17: a conflict is a 409 that names manager and field; force takes the field over", async () => {
    await apply("contested", { key: "mine" });
    await client.core.patchNamespacedConfigMap(
      { name: "contested", namespace, body: { data: { key: "theirs" } }, fieldManager: "kubectl-edit" },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
    const { code, status } = await refusal(apply("contested", { key: "mine" }));
    expect(code).toBe(409);
    expect(status).toMatchObject({
      reason: "Conflict",
      message: 'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.key',
      details: { causes: [{ reason: "FieldManagerConflict", field: ".data.key" }] },
    });
    const forced = await apply("contested", { key: "mine" }, "devpocket-bridge", true);
    expect(forced.data).toEqual({ key: "mine" });
    expect(forced.metadata?.managedFields?.map(({ manager }) => manager)).toEqual(["devpocket-bridge"]);
  });

  it("merges containers, variables and mounts by their keys", async () => {
    const container = (env: { name: string; value: string }[]) => ({ name: "main", image: "a:1", env });
    const body = (containers: object[]) => ({
      ...podOf("merged"),
      spec: { containers, nodeSelector: { no: "where" } },
    });
    const send = (manager: string, containers: object[]) =>
      client.core.patchNamespacedPod(
        { name: "merged", namespace, body: body(containers), fieldManager: manager, force: false },
        asApply,
      );
    const made = await send("one", [container([{ name: "A", value: "1" }])]);
    const owned = JSON.stringify(made.metadata?.managedFields?.[0]?.fieldsV1);
    expect(owned).toContain(
      String.raw`"k:{\"name\":\"main\"}":{".":{},"f:env":{"k:{\"name\":\"A\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:name":{}}`,
    );
    // A running pod's variables stand: that another manager may add one is refused by the pod, not by the merge.
    const { code, status } = await refusal(send("two", [container([{ name: "B", value: "2" }])]));
    expect([code, status.message]).toEqual([
      422,
      expect.stringContaining("pod updates may not change fields other than"),
    ]);
  });

  it("17: an existing name is a 409 AlreadyExists, an unknown one a 404", async () => {
    await apply("twice", {});
    const twice = await refusal(client.core.createNamespacedConfigMap({ namespace, body: configMap("twice", {}) }));
    expect(twice).toMatchObject({
      code: 409,
      status: { reason: "AlreadyExists", message: 'configmaps "twice" already exists' },
    });
    const none = await refusal(client.core.readNamespacedPod({ name: "none", namespace }));
    expect(none).toMatchObject({ code: 404, status: { reason: "NotFound", details: { name: "none", kind: "pods" } } });
  });

  it("17: RBAC, quota and Pod Security are all 403, told apart by their words", async () => {
    const token = cluster.tokens.issue("system:serviceaccount:devpocket:bridge", [
      { verbs: ["get"], resources: ["pods"] },
    ]);
    const byRole = await refusal(clientOf(cluster, token).core.listNamespacedPod({ namespace }));
    expect(byRole).toMatchObject({ code: 403, status: { reason: "Forbidden" } });
    expect(byRole.status.message).toBe(
      `pods is forbidden: User "system:serviceaccount:devpocket:bridge" cannot list resource "pods" in API group "" in the namespace "${namespace}"`,
    );
    const spec = { hard: { pods: "0" } };
    await client.core.createNamespacedResourceQuota({
      namespace: "bounded",
      body: { metadata: { name: "plan" }, spec },
    });
    const byQuota = await refusal(client.core.createNamespacedPod({ namespace: "bounded", body: podOf("p") }));
    expect(byQuota).toMatchObject({
      code: 403,
      status: {
        message: 'pods "p" is forbidden: exceeded quota: plan, requested: pods=1, used: pods=0, limited: pods=0',
      },
    });
    const bySecurity = await refusal(client.core.createNamespacedPod({ namespace: "restricted", body: podOf("p") }));
    expect(bySecurity.code).toBe(403);
    expect(bySecurity.status.message).toContain(
      'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set',
    );
    expect(bySecurity.status.message).toContain('seccompProfile (pod or container "main" must set');
  });

  it("17: a malformed quantity is a 400, an invalid field a 422", async () => {
    const limited = (memory: string) =>
      podOf("limited", "true", { containers: [{ name: "main", image: "a:1", resources: { limits: { memory } } }] });
    const malformed = await refusal(client.core.createNamespacedPod({ namespace, body: limited("1.5Gib") }));
    expect(malformed).toMatchObject({
      code: 400,
      status: {
        reason: "BadRequest",
        message: expect.stringContaining("quantities must match the regular expression"),
      },
    });
    const nameless = await refusal(
      client.core.createNamespacedPod({ namespace, body: { ...podOf("p"), metadata: { name: "$(id)" } } }),
    );
    expect(nameless).toMatchObject({
      code: 422,
      status: { reason: "Invalid", details: { causes: [{ reason: "FieldValueInvalid", field: "metadata.name" }] } },
    });
  });

  it("refuses a body in a format that it does not read with 415, and makes nothing of it", async () => {
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig());
    const server = new ApiServer(config);
    const body = { metadata: { name: "packed" } };
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    for (const contentType of ["application/vnd.kubernetes.protobuf", "text/plain"]) {
      const made = server.request({ method: "POST", path, contentType, body });
      await expect(made).rejects.toMatchObject({ status: 415, message: expect.stringContaining("unknown format") });
    }
    await server.request({ method: "POST", path, contentType: "application/json; charset=utf-8", body });
    server.close();
  });

  it("tells kubectl that it validates fields itself, as that asks before it creates from a file", async () => {
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig());
    const server = new ApiServer(config);
    const get = (path: string) => server.request({ method: "GET", path });
    const place = "apis/networking.k8s.io/v1";
    expect(await get("/openapi/v3")).toMatchObject({
      paths: { [place]: { serverRelativeURL: `/openapi/v3/${place}` } },
    });
    const patch = {
      parameters: [{ name: "fieldValidation", in: "query" }],
      "x-kubernetes-group-version-kind": { group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy" },
    };
    const path = `/${place}/namespaces/{namespace}/networkpolicies/{name}`;
    expect(await get(`/openapi/v3/${place}`)).toMatchObject({ paths: { [path]: { patch } } });
    await expect(get("/openapi/v3/apis/none/v1")).rejects.toMatchObject({ kind: "not_found" });
    server.close();
  });

  it("works for any kind through the generic client", async () => {
    const objects = KubernetesObjectApi.makeApiClient(client.config);
    const policy = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "deny", namespace },
      spec: { podSelector: {}, policyTypes: ["Ingress"] },
    };
    await objects.patch(policy, undefined, undefined, "devpocket-bridge", true, PatchStrategy.ServerSideApply);
    const { items } = await client.config.makeApiClient(NetworkingV1Api).listNamespacedNetworkPolicy({ namespace });
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(["deny"]);
  });

  it("deletes with preconditions, finalizers and owners", async () => {
    const owner = await apply("owner", {});
    const body = {
      ...configMap("child", {}),
      metadata: {
        name: "child",
        ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: owner.metadata?.uid ?? "" }],
        finalizers: ["devpocket.app/environment"],
      },
    };
    await client.core.createNamespacedConfigMap({ namespace, body });
    const wrong = await refusal(
      client.core.deleteNamespacedConfigMap({ name: "owner", namespace, body: { preconditions: { uid: "other" } } }),
    );
    expect(wrong).toMatchObject({ code: 409, status: { reason: "Conflict" } });
    await client.core.deleteNamespacedConfigMap({ name: "owner", namespace });
    const waiting = await client.core.readNamespacedConfigMap({ name: "child", namespace });
    expect(waiting.metadata?.deletionTimestamp).toBeDefined();
    const released = { metadata: { finalizers: null } };
    await client.core.patchNamespacedConfigMap(
      { name: "child", namespace, body: released },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
    expect((await refusal(client.core.readNamespacedConfigMap({ name: "child", namespace }))).code).toBe(404);
  });
});
