/** People's namespaces: made, bounded by plans, bounded anew, and removed; and none is touched that is not ours. */
import { NetworkingV1Api } from "@kubernetes/client-node";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KubernetesRuntime } from "../../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import { objectName } from "../../../../bridge/runtime/kubernetes/manifests/names.ts";
import { namespaceOf, ownersNamespace } from "../../../../bridge/runtime/kubernetes/manifests/namespace.ts";
import { defaultSettings } from "../../../../bridge/runtime/kubernetes/manifests/settings.ts";
import type { DesiredEnvironment, Owner } from "../../../../durable-objects/protocol/bridge-api.ts";
import { resourceOf } from "../../../support/kubernetes/api/resources.ts";
import { clientOf } from "../../../support/kubernetes/client.ts";
import { viewerOf } from "../../support/viewer.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, namespace, ownerWith } from "./ground.ts";

const within = { timeout: 15_000, interval: 20 };
const gibibyte = 2 ** 30;
const settings = { ...defaultSettings, namespace, namespacePerUser: true };
const placeOf = ({ id }: Owner) => namespaceOf(id, settings);
const [ann, bob] = [ownerWith({ id: `usr_${"a".repeat(20)}` }), ownerWith({ id: `usr_${"b".repeat(20)}` })];

/** Of somebody else's, which Pod Security lets be. */
function podThatSleeps() {
  const small = { limits: { cpu: "100m", memory: "64Mi" } };
  const isolated = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
  const container = { name: "it", image: "debian:12", command: ["sleep", "600"], resources: small };
  const securityContext = { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } };
  return { spec: { securityContext, containers: [{ ...container, securityContext: isolated }] } };
}

describe("people's namespaces", { timeout: 60_000 }, () => {
  let ground: ClusterGround;
  let runtime: KubernetesRuntime;
  const open = () => ground.open({ settings: { namespacePerUser: true } });
  beforeEach(async () => {
    ground = await makeGround();
    runtime = open();
  });
  afterEach(async () => {
    await runtime.close();
    await ground.dispose();
  });

  const signal = () => AbortSignal.timeout(30_000);
  const apply = (action: Parameters<KubernetesRuntime["apply"]>[0]) => runtime.apply(action, signal());
  const start = async (change: Partial<DesiredEnvironment>) => {
    const environment = desiredEnvironment(change);
    await apply({ kind: "start", environment });
    return environment;
  };
  /** A step ends before its effect where that takes long. */
  const becomes = (id: string, facts: object) =>
    vi.waitFor(async () => expect(await seen(id)).toMatchObject(facts), within);
  const seen = async (id: string) => (await runtime.observe()).find((each) => each.environment_id === id);
  const inStore = (plural: string, where: string) => ground.cluster.store.list(resourceOf(plural), where);
  const namesIn = (plural: string, where: string) => inStore(plural, where).map(({ metadata }) => metadata.name);
  const place = (name: string) => ground.cluster.store.get(resourceOf("namespaces"), undefined, name);
  const troubles = () =>
    ground.logged.flatMap(({ msg, detail }) => (msg === "a person's namespace in trouble" ? [detail["error"]] : []));
  /** As another bridge of this cluster would have made it. */
  const make = (plural: string, manifest: { metadata?: { name?: string } }) => {
    const target = { resource: resourceOf(plural), namespace: undefined, name: manifest.metadata?.name ?? "" };
    const wish = { manager: "devpocket-bridge", isForced: false, isDryRun: false, subresource: undefined };
    ground.cluster.registry.patch({ ...target, subresource: undefined }, "apply", manifest, wish);
  };
  const hardIn = (where: string) =>
    (inStore("resourcequotas", where)[0]?.["spec"] as { hard: Record<string, string> } | undefined)?.hard;

  it("hold each person's environments, under Pod Security, quota, limits and policies of the plan", async () => {
    const [one, two] = await Promise.all([start({ owner: ann, port: 8080 }), start({ owner: ann })]);
    const other = await start({ owner: bob });
    expect(namesIn("pods", placeOf(ann)).sort()).toEqual([objectName(one.id), objectName(two.id)].sort());
    expect(namesIn("pods", placeOf(bob))).toEqual([objectName(other.id)]);
    expect(namesIn("persistentvolumeclaims", namespace)).toEqual([]);
    expect(place(placeOf(ann))?.metadata).toMatchObject({
      labels: { "pod-security.kubernetes.io/enforce": "restricted", "devpocket.app/cluster": "default" },
      annotations: { "devpocket.app/owner": ann.id },
    });
    expect(hardIn(placeOf(ann))).toMatchObject({ "limits.cpu": "8", persistentvolumeclaims: "4", pods: "4" });
    expect(inStore("limitranges", placeOf(ann))[0]?.["spec"]).toMatchObject({
      limits: [{ type: "Container", max: { cpu: "2", memory: "4Gi" } }, { max: { storage: "20Gi" } }],
    });
    expect(namesIn("networkpolicies", placeOf(bob)).sort()).toEqual([
      "devpocket-default-internet",
      "devpocket-default-isolated",
    ]);
    expect(namesIn("configmaps", placeOf(bob))).toEqual([expect.stringMatching(/^devpocket-init-/)]);
  });

  it("are waited for where the cluster is slow to finish them", async () => {
    await runtime.close();
    await ground.dispose();
    ground = await makeGround({ timings: { serviceAccountMs: 500 } });
    runtime = open();
    const { id } = await start({ owner: ann });
    await becomes(id, { phase: "running" });
  });

  it("are found again by another bridge, with what runs in them", async () => {
    const { id } = await start({ owner: ann });
    await runtime.close();
    runtime = open();
    await becomes(id, { phase: "running" });
    const size = { cols: 80, rows: 24 };
    expect(await viewerOf(await runtime.attach(id, "main", size), size).ask("echo $((6*7))")).toBe("42");
    expect(await runtime.logs(id, { lines: 5 })).toMatchObject({ hasMore: false });
    await apply({ kind: "stop", environmentId: id });
    await becomes(id, { phase: "stopped" });
  });

  it("are bounded anew when the plan changes, but never below what is there", async () => {
    const { id, ...rest } = await start({ owner: ann });
    const desire = (owner: Owner) => runtime.tend([{ ...rest, id, owner }], signal());
    const bounds = (hard: object) => vi.waitFor(() => expect(hardIn(placeOf(ann))).toMatchObject(hard), within);
    desire({ ...ann, max_environments: 10 });
    await bounds({ pods: "11", "limits.memory": "44Gi" });
    const smaller = { cpu_millicores: 250, memory_bytes: gibibyte / 2, storage_bytes: gibibyte };
    await vi.waitFor(async () => {
      desire({ ...ann, max_environments: 1, largest: smaller });
      expect(hardIn(placeOf(ann))).toMatchObject({ pods: "2", "limits.cpu": "1", "limits.memory": "2Gi" });
    }, within);
    await apply({ kind: "restart", environment: { ...rest, id, owner: { ...ann, largest: smaller }, generation: 2 } });
    await becomes(id, { phase: "running", generation: 2 });
  });

  it("are changed a few at a time, when all of them are to be", async () => {
    const people = Array.from({ length: 12 }, (_, index) =>
      ownerWith({ id: `usr_${String(index).padStart(20, "0")}` }),
    );
    const wanted = people.map((owner) => desiredEnvironment({ owner, desired: "stopped" }));
    await runtime.close();
    for (const { id } of people) make("namespaces", ownersNamespace(id, settings));
    runtime = open();
    await runtime.observe();
    await vi.waitUntil(() => ground.cluster.watches.countOf("namespaces") > 0, within);
    const held = Promise.withResolvers<void>();
    const on = { verb: "patch", resource: "resourcequotas" };
    ground.cluster.faults.add({ on, mishap: { kind: "delay", until: held.promise } });
    const asked = () =>
      ground.cluster.requests.all.filter((each) => `${each.verb} ${each.resource}` === "patch resourcequotas");
    runtime.tend(wanted, signal());
    await vi.waitUntil(() => asked().length >= 8, within);
    // Were there more at a time, theirs would have come before the answers to these.
    for (let look = 0; look < 5; look += 1) await clientOf(ground.cluster).core.listNamespace();
    expect(asked()).toHaveLength(8);
    held.resolve();
    await vi.waitFor(() => {
      runtime.tend(wanted, signal());
      expect(people.map((owner) => hardIn(placeOf(owner))?.["pods"])).toEqual(people.map(() => "4"));
    }, within);
  });

  it("are left alone while nothing changes", async () => {
    const environment = await start({ owner: ann });
    await vi.waitUntil(() => place(placeOf(ann))?.metadata.annotations?.["devpocket.app/applied"], within);
    ground.cluster.requests.clear();
    for (let turn = 0; turn < 20; turn += 1) {
      await runtime.observe();
      runtime.tend([environment], signal());
    }
    const others = Object.keys(ground.cluster.requests.counts()).filter((each) => !each.startsWith("watch "));
    expect(others).toEqual([]);
  });

  it("refuse by their quota what the server should not have let be, as the cluster's quota does", async () => {
    await start({ owner: bob });
    const { core } = clientOf(ground.cluster);
    const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    const more = (name: string) =>
      core.createNamespacedPersistentVolumeClaim({
        namespace: placeOf(bob),
        body: { metadata: { name }, spec: claim },
      });
    await more("one");
    await more("two");
    await more("three");
    await expect(apply({ kind: "start", environment: desiredEnvironment({ owner: bob }) })).rejects.toMatchObject({
      code: "refused",
      reason: "quota_exceeded",
    });
    expect(namesIn("pods", placeOf(bob))).toHaveLength(1);
  });

  it("come with all that bounds them before anything is in them", async () => {
    await start({ owner: ann });
    const made = ground.cluster.requests.all.filter(
      ({ verb, namespace: where }) => verb === "patch" && where === placeOf(ann),
    );
    const [first] = made.flatMap(({ resource }, index) => (resource === "persistentvolumeclaims" ? [index] : []));
    const before = made.slice(0, first).map(({ resource }) => resource);
    expect(before.sort()).toEqual(
      [
        "namespaces",
        "limitranges",
        "resourcequotas",
        ...Array(2).fill("networkpolicies.networking.k8s.io"),
        "namespaces",
      ].sort(),
    );
  });

  it("that somebody removes are waited for, and made anew with what was in them", async () => {
    const environment = await start({ owner: ann });
    const { core } = clientOf(ground.cluster);
    const held = { metadata: { name: "held", finalizers: ["example.com/slow"] } };
    await core.createNamespacedConfigMap({ namespace: placeOf(ann), body: held });
    await core.deleteNamespace({ name: placeOf(ann) });
    await vi.waitUntil(async () => (await seen(environment.id)) === undefined, within);
    const again = { ...environment, generation: 2 };
    await expect(apply({ kind: "start", environment: again })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("still being removed"),
    });
    ground.cluster.requests.clear();
    const started = apply({ kind: "start", environment: again });
    await vi.waitUntil(() => ground.cluster.requests.counts()["get namespaces"], within);
    const free = { metadata: { name: "held" } };
    await core.replaceNamespacedConfigMap({ name: "held", namespace: placeOf(ann), body: free });
    await started;
    await becomes(environment.id, { phase: "running", generation: 2 });
  });

  it("go with the last environment, and with no other", async () => {
    const [first, last] = [await start({ owner: ann }), await start({ owner: ann })];
    const others = await start({ owner: bob });
    await apply({ kind: "delete", environmentId: first.id });
    runtime.tend([last, others], signal());
    await apply({ kind: "delete", environmentId: last.id });
    await vi.waitFor(() => {
      runtime.tend([{ ...last, desired: "deleted" }, others], signal());
      expect(place(placeOf(ann))).toBeUndefined();
    }, within);
    expect(place(placeOf(bob))?.metadata.deletionTimestamp).toBeUndefined();
    await becomes(others.id, { phase: "running" });
    const again = await start({ owner: ann });
    expect(namesIn("pods", placeOf(ann))).toEqual([objectName(again.id)]);
  });

  it("stay while the owner has an environment that rests", async () => {
    const resting = await start({ owner: ann });
    await apply({ kind: "stop", environmentId: resting.id });
    const { id } = await start({ owner: bob });
    await apply({ kind: "delete", environmentId: id });
    await vi.waitFor(() => {
      runtime.tend([], signal());
      expect(place(placeOf(bob))).toBeUndefined();
    }, within);
    expect(place(placeOf(ann))).toMatchObject({ status: { phase: "Active" } });
  });

  it.each(["persistentvolumeclaims", "pods"])(
    "stay while they hold %s of somebody else's, which is said once",
    async (kind) => {
      const { id } = await start({ owner: bob });
      const { core } = clientOf(ground.cluster);
      const metadata = { name: "kept" };
      if (kind === "pods") {
        await core.createNamespacedPod({ namespace: placeOf(bob), body: { ...podThatSleeps(), metadata } });
      } else {
        const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
        await core.createNamespacedPersistentVolumeClaim({ namespace: placeOf(bob), body: { metadata, spec } });
      }
      await apply({ kind: "delete", environmentId: id });
      runtime.tend([], signal());
      await vi.waitFor(
        () => expect(troubles()).toEqual([expect.stringContaining(`holds ${kind} that are not`)]),
        within,
      );
      expect(place(placeOf(bob))).toMatchObject({ status: { phase: "Active" } });
      expect(namesIn(kind, placeOf(bob))).toEqual(["kept"]);
    },
  );

  it("are one person's, also where somebody else's id comes to the same name", async () => {
    const first = ownerWith({ id: "somebody" });
    const second = ownerWith({ id: `usr_${placeOf(first).slice(-20)}` });
    expect(placeOf(second)).toBe(placeOf(first));
    const { id } = await start({ owner: first });
    const other = desiredEnvironment({ owner: second });
    await expect(apply({ kind: "start", environment: other })).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("is another person's"),
    });
    expect(namesIn("persistentvolumeclaims", placeOf(first))).toEqual([objectName(id)]);
    runtime.tend([other], signal());
    await vi.waitUntil(() => troubles().length > 0, within);
    expect(place(placeOf(first))?.metadata).toMatchObject({ annotations: { "devpocket.app/owner": first.id } });
    await becomes(id, { phase: "running" });
  });

  it("have back with the next start what somebody took from them", async () => {
    const environment = await start({ owner: ann });
    const { core, config } = clientOf(ground.cluster);
    const labels = ["devpocket.app/cluster", "app.kubernetes.io/component", "pod-security.kubernetes.io/enforce"];
    const body = labels.map((label) => ({ op: "remove", path: `/metadata/labels/${label.replace("/", "~1")}` }));
    await core.patchNamespace({ name: placeOf(ann), body });
    const networking = config.makeApiClient(NetworkingV1Api);
    await networking.deleteCollectionNamespacedNetworkPolicy({ namespace: placeOf(ann) });
    await core.deleteCollectionNamespacedResourceQuota({ namespace: placeOf(ann) });
    await apply({ kind: "restart", environment: { ...environment, generation: 2 } });
    expect(Object.keys(place(placeOf(ann))?.metadata.labels ?? {})).toEqual(expect.arrayContaining(labels));
    expect(namesIn("networkpolicies", placeOf(ann))).toHaveLength(2);
    expect(hardIn(placeOf(ann))).toMatchObject({ pods: "4" });
  });

  it("that the cluster does not accept are for whoever runs it, who is told once", async () => {
    const message = 'admission webhook "policy.example.com" denied the request: no such policies here';
    const body = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "Forbidden", message, code: 403 };
    const on = { verb: "patch", resource: "networkpolicies.networking.k8s.io" };
    ground.cluster.faults.add({ on, mishap: { kind: "status", code: 403, body } });
    const environment = desiredEnvironment({ owner: ann });
    for (let tries = 0; tries < 2; tries += 1) {
      const failure = await apply({ kind: "start", environment }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "refused", reason: "refused" });
      expect(String(failure)).not.toContain("webhook");
    }
    expect(troubles()).toEqual([expect.stringContaining(message)]);
    expect(namesIn("persistentvolumeclaims", placeOf(ann))).toEqual([]);
  });

  it("are not taken from somebody else, whatever their name and labels say", async () => {
    const labels = { "app.kubernetes.io/component": "owner", "devpocket.app/cluster": "default" };
    const metadata = { name: placeOf(ann), labels };
    const { core } = clientOf(ground.cluster);
    await core.createNamespace({ body: { metadata } });
    const failure = await apply({ kind: "start", environment: desiredEnvironment({ owner: ann }) }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: "refused", reason: "refused" });
    expect(String(failure)).toContain(`namespace ${placeOf(ann)} in the cluster that is not ours`);
    runtime.tend([], signal());
    await start({ owner: bob });
    expect(place(placeOf(ann))?.metadata).toMatchObject({ labels });
    expect(place(placeOf(ann))?.metadata.deletionTimestamp).toBeUndefined();
    expect(inStore("resourcequotas", placeOf(ann))).toEqual([]);
  });

  it("tell a missing right as the operator's, by name in the log only", async () => {
    await runtime.close();
    const rules = [
      { verbs: ["get", "list", "watch", "patch", "create", "delete"], resources: ["persistentvolumeclaims", "pods"] },
      { verbs: ["get", "list", "watch", "patch", "create"], resources: ["namespaces"] },
      { verbs: ["patch", "create"], resources: ["configmaps"] },
    ];
    const token = ground.cluster.tokens.issue("bridge", rules);
    runtime = ground.open({ token, settings: { namespacePerUser: true } });
    const environment = desiredEnvironment({ owner: ann });
    const failure = await apply({ kind: "start", environment }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ reason: "forbidden" });
    expect(String(failure)).not.toMatch(/quota|limitrange|networkpol/);
    const errors = ground.logged.map(({ detail }) => String(detail["error"]));
    expect(errors.join()).toMatch(/User "bridge" cannot get resource "(resourcequotas|limitranges|networkpolicies)"/);
    expect(namesIn("persistentvolumeclaims", placeOf(ann))).toEqual([]);
  });

  it("are never chosen for an environment of which nobody says whose it is", async () => {
    const failure = await apply({ kind: "start", environment: desiredEnvironment() }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "refused", reason: "refused" });
    expect(String(failure)).toContain("does not say whose environment this is");
    expect(await runtime.observe()).toEqual([]);
    expect(namesIn("persistentvolumeclaims", namespace)).toEqual([]);
  });

  it("leave environments from before where their files are", async () => {
    await runtime.close();
    runtime = ground.open();
    const environment = await start({ owner: ann });
    await runtime.close();
    runtime = open();
    await apply({ kind: "restart", environment: { ...environment, generation: 2 } });
    await becomes(environment.id, { phase: "running", generation: 2 });
    expect(namesIn("pods", namespace)).toEqual([objectName(environment.id)]);
    expect(place(placeOf(ann))).toBeUndefined();
  });

  it("get copies of the Secrets with which images are pulled", async () => {
    await runtime.close();
    const { core } = clientOf(ground.cluster);
    const stringData = { ".dockerconfigjson": "{}" };
    const body = { metadata: { name: "registry" }, type: "kubernetes.io/dockerconfigjson", stringData };
    await core.createNamespacedSecret({ namespace, body });
    runtime = ground.open({ settings: { namespacePerUser: true, imagePullSecrets: ["registry", "missing"] } });
    await start({ owner: ann });
    const copy = inStore("secrets", placeOf(ann)).find(({ metadata }) => metadata.name === "registry");
    expect(copy).toMatchObject({ type: "kubernetes.io/dockerconfigjson", data: { ".dockerconfigjson": "e30=" } });
  });
});
