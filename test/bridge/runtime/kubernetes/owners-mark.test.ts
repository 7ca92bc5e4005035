/** A bridge of one namespace in a cluster where people have their own: it does nothing, and says why. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KubernetesRuntime } from "../../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import { ownersMarkName } from "../../../../bridge/runtime/kubernetes/manifests/owners-mark.ts";
import type { DesiredEnvironment } from "../../../../durable-objects/protocol/bridge-api.ts";
import { resourceOf } from "../../../support/kubernetes/api/resources.ts";
import { clientOf } from "../../../support/kubernetes/client.ts";
import { viewerOf } from "../../support/viewer.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, namespace, ownerWith } from "./ground.ts";

const size = { cols: 80, rows: 24 };
const within = { timeout: 15_000, interval: 20 };
const owner = ownerWith({ id: `usr_${"a".repeat(20)}` });
const told = { code: "unavailable", message: expect.stringContaining("turn namespacePerUser on again") };

describe("where people have namespaces of their own, a bridge of one namespace", { timeout: 60_000 }, () => {
  let ground: ClusterGround;
  const opened: KubernetesRuntime[] = [];
  const open = (namespacePerUser: boolean) => {
    const runtime = ground.open({ settings: { namespacePerUser } });
    opened.push(runtime);
    return runtime;
  };
  beforeEach(async () => {
    ground = await makeGround();
  });
  afterEach(async () => {
    for (const runtime of opened.splice(0)) await runtime.close();
    await ground.dispose();
  });

  const start = async (runtime: KubernetesRuntime, environment: DesiredEnvironment) =>
    await runtime.apply({ kind: "start", environment }, AbortSignal.timeout(30_000));
  const claimsIn = (where?: string) => ground.cluster.store.list(resourceOf("persistentvolumeclaims"), where);

  it("loses and doubles nothing, and the other kind goes on where it was", async () => {
    const environment = desiredEnvironment({ owner });
    const people = open(true);
    await start(people, environment);
    await vi.waitFor(async () => expect(await people.observe()).toMatchObject([{ phase: "running" }]), within);
    const stream = await people.attach(environment.id, "main", size);
    await viewerOf(stream, size).ask("echo kept > file");
    await people.close();
    const one = open(false);
    await expect(one.observe()).rejects.toMatchObject(told);
    await expect(start(one, environment)).rejects.toMatchObject(told);
    await expect(
      one.apply({ kind: "delete", environmentId: environment.id }, AbortSignal.timeout(5_000)),
    ).rejects.toMatchObject(told);
    expect(claimsIn(namespace)).toEqual([]);
    expect(claimsIn()).toHaveLength(1);
    const again = open(true);
    const running = [{ environment_id: environment.id, phase: "running" }];
    await vi.waitFor(async () => expect(await again.observe()).toMatchObject(running), within);
    const back = await again.attach(environment.id, "main", size);
    expect(await viewerOf(back, size).ask("cat file")).toBe("kept");
  });

  it("notices while it is at work, and goes on when it is told to", async () => {
    const [before, after] = [desiredEnvironment({ owner }), desiredEnvironment({ owner })];
    const one = open(false);
    await start(one, before);
    await start(open(true), after);
    await vi.waitFor(() => expect(one.observe()).rejects.toMatchObject(told), within);
    const name = ownersMarkName({ clusterId: "default" });
    await clientOf(ground.cluster).core.deleteNamespacedConfigMap({ namespace, name });
    await vi.waitFor(async () => expect(await one.observe()).toMatchObject([{ environment_id: before.id }]), within);
  });

  it("is not kept from its work by people of another bridge's", async () => {
    const people = ground.open({ settings: { namespacePerUser: true, clusterId: "other" } });
    opened.push(people);
    await start(people, desiredEnvironment({ owner }));
    const environment = desiredEnvironment();
    const one = open(false);
    await start(one, environment);
    const running = [{ environment_id: environment.id, phase: "running" }];
    await vi.waitFor(async () => expect(await one.observe()).toMatchObject(running), within);
  });
});
