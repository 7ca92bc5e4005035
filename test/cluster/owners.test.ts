/** A namespace for each person, on the cluster that KUBECONFIG names: what its quotas and its own controllers make of it. */
import { ApiException, NetworkingV1Api } from "@kubernetes/client-node";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import type { KubernetesRuntime } from "../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import { objectName } from "../../bridge/runtime/kubernetes/manifests/names.ts";
import { planName } from "../../bridge/runtime/kubernetes/manifests/namespace-limits.ts";
import { policyNames } from "../../bridge/runtime/kubernetes/manifests/network-policies.ts";
import { RuntimeFailure } from "../../bridge/runtime/runtime.ts";
import type { DesiredEnvironment, Owner } from "../../durable-objects/protocol/bridge-api.ts";
import { desiredEnvironment } from "../bridge/runtime/contract.ts";
import { viewerOf } from "../bridge/support/viewer.ts";
import { patience } from "../support/wait-until.ts";
import { connect, orNull } from "./connection.ts";
import { makeGround } from "./ground.ts";
import { readSettings } from "./settings.ts";
import { recoverVolumes } from "./volumes.ts";

const size = { cols: 80, rows: 24 };
const within = { timeout: 20_000 * patience, interval: 250 };
const run = inject("cluster");
const { namespace, clusterId, volumeObstacle, missingRight } = run;
const connection = connect(readSettings().kubeconfig);
const obstacle =
  volumeObstacle !== null
    ? `need a volume, and it says: ${volumeObstacle}`
    : missingRight !== null
      ? `need rights in every namespace, and this user may not ${missingRight}`
      : null;

const name = "people's namespaces on this cluster";
describe.skipIf(obstacle !== null)(
  obstacle === null ? name : `${name}: ${obstacle}`,
  { timeout: 100_000 * patience },
  () => {
    const { core } = connection;
    let runtime: KubernetesRuntime;
    let dispose: () => Promise<void>;
    let owner: Owner;
    let place: string;

    beforeEach(async () => {
      const ground = await makeGround({ namespacePerUser: true });
      dispose = ground.dispose;
      runtime = ground.open();
      const slug = crypto.randomUUID().replaceAll("-", "").slice(0, 20);
      const { resources } = desiredEnvironment();
      owner = { id: `usr_${slug}`, max_environments: 1, largest: resources };
      place = `${namespace}-${slug}`;
    });
    afterEach(async () => {
      await runtime.close();
      await dispose();
    });

    const signal = () => AbortSignal.timeout(20_000 * patience);
    /** Until a namespace of this name is gone it is not made anew. */
    const start = async (change: Partial<DesiredEnvironment> = {}) => {
      const environment = desiredEnvironment({ owner, ...change });
      const isStarted = async () => {
        const failure = await runtime.apply({ kind: "start", environment }, signal()).catch((error: unknown) => error);
        if (failure === undefined) return true;
        if (failure instanceof RuntimeFailure && failure.code === "unavailable") return false;
        throw failure;
      };
      await vi.waitUntil(isStarted, within);
      return environment;
    };
    const ask = async (id: string, command: string) => {
      const phaseOf = async () => (await runtime.observe()).find(({ environment_id }) => environment_id === id)?.phase;
      await vi.waitUntil(async () => (await phaseOf()) === "running", within);
      const stream = await runtime.attach(id, "main", size);
      const answer = await viewerOf(stream, size).ask(command);
      stream.close();
      return answer;
    };
    const quotaOf = async () => await core.readNamespacedResourceQuota({ name: planName, namespace: place });
    const isGone = async () => (await orNull(core.readNamespace({ name: place }))) === null;
    /** Where volumes are few, those of a namespace that is gone serve what comes next. */
    const recovered = () => recoverVolumes(connection, run, place);
    const claimNamed = (claim: string) => {
      const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } };
      return core.createNamespacedPersistentVolumeClaim({
        namespace: place,
        body: { metadata: { name: claim }, spec },
      });
    };

    it("are there before the first environment, with the plan as the cluster counts it", async () => {
      const { id } = await start();
      expect(await ask(id, "echo $((6*7))")).toBe("42");
      await core.readNamespacedPod({ name: objectName(id), namespace: place });
      const { spec, status } = await quotaOf();
      expect(spec?.hard).toMatchObject({ pods: "2", persistentvolumeclaims: "2" });
      expect(status?.hard).toEqual(spec?.hard);
      await vi.waitUntil(async () => (await quotaOf()).status?.used?.["pods"] === "1", within);
      const range = await core.readNamespacedLimitRange({ name: planName, namespace: place });
      expect(range.spec?.limits.map(({ type }) => type)).toEqual(["Container", "PersistentVolumeClaim"]);
      const networking = connection.config.makeApiClient(NetworkingV1Api);
      const policies = await networking.listNamespacedNetworkPolicy({ namespace: place });
      expect(policies.items.map(({ metadata }) => metadata?.name).sort()).toEqual(policyNames({ clusterId }).sort());
      expect((await core.readNamespace({ name: place })).metadata).toMatchObject({
        labels: { "pod-security.kubernetes.io/enforce": "restricted" },
        annotations: { "devpocket.app/owner": owner.id },
      });
    });

    it("hold no more than the plan, and more when the plan does", async () => {
      owner = { ...owner, max_environments: 2 };
      const environment = await start();
      await claimNamed("one");
      await claimNamed("two");
      const refusal = await claimNamed("three").catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(ApiException);
      expect(String((refusal as ApiException<string>).body)).toContain(`exceeded quota: ${planName}`);
      await expect(start()).rejects.toMatchObject({ code: "refused", reason: "quota_exceeded" });
      runtime.tend([{ ...environment, owner: { ...owner, max_environments: 4 } }], signal());
      await vi.waitUntil(async () => (await quotaOf()).status?.hard?.["pods"] === "5", within);
      await claimNamed("three");
    });

    it("go after the last environment, unless somebody else's claim is there, and come again", async () => {
      const { id } = await start();
      await claimNamed("kept");
      await runtime.apply({ kind: "delete", environmentId: id }, signal());
      runtime.tend([], signal());
      await core.deleteNamespacedPersistentVolumeClaim({ name: "kept", namespace: place });
      await vi.waitFor(async () => {
        await runtime.observe();
        runtime.tend([], signal());
        expect(await isGone()).toBe(true);
      }, within);
      await recovered();
      const again = await start();
      expect(await ask(again.id, "echo back")).toBe("back");
    });

    it("that are removed by hand take their environments with them, which are made anew", async () => {
      const environment = await start();
      await ask(environment.id, "echo lost > file");
      await core.deleteNamespace({ name: place });
      await vi.waitUntil(isGone, within);
      await recovered();
      await start({ ...environment, generation: 2 });
      expect(await ask(environment.id, "cat file 2>/dev/null || echo new")).toBe("new");
    });

    it("keep a bridge of one namespace from its work", async () => {
      const { id } = await start();
      const one = (await makeGround()).open();
      try {
        await expect(one.observe()).rejects.toMatchObject({ code: "unavailable" });
      } finally {
        await one.close();
      }
      expect(await ask(id, "echo $((6*7))")).toBe("42");
    });
  },
);
