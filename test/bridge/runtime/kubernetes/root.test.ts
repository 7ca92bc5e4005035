/** A template that asks for root, where the cluster has user namespaces and where it has none. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { objectName } from "../../../../bridge/runtime/kubernetes/manifests/names.ts";
import { resourceOf } from "../../../support/kubernetes/api/resources.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, namespace, podOn, startUp } from "./ground.ts";

let ground: ClusterGround;
beforeEach(async () => {
  ground = await makeGround({ namespaces: [namespace] });
});
afterEach(() => ground.dispose());

it("gets no pod and no claim without user namespaces, but a reason", async () => {
  const runtime = ground.open();
  const environment = desiredEnvironment({ needs_root: true });
  const start = runtime.apply({ kind: "start", environment }, AbortSignal.timeout(20_000));
  await expect(start).rejects.toMatchObject({
    code: "refused",
    reason: "user_namespaces_missing",
    message: expect.stringContaining("the cluster has no user namespaces"),
  });
  expect(ground.cluster.requests.attempts().filter((attempt) => attempt.startsWith("patch"))).toEqual([]);
  await runtime.close();
});

it("gets a pod with root in a namespace of its own where there are some", async () => {
  const runtime = ground.open({ settings: { hasUserNamespaces: true } });
  const environment = desiredEnvironment({ needs_root: true });
  await startUp(runtime, environment);
  const [pod] = ground.cluster.store.list(resourceOf("pods"), namespace);
  expect(pod).toMatchObject({
    metadata: { name: objectName(environment.id) },
    spec: { hostUsers: false, securityContext: { runAsUser: 0 } },
  });
  const said = async (script: string) =>
    (await podOn(ground, environment.id).script(script, [])).stdout.toString().trim().split("\n");
  expect(await said("id -un; id -gn; cd ~root; pwd; cat /etc/hostname >/dev/null && echo others")).toEqual([
    ...["root", "root", "/home/devpocket", "others"],
  ]);
  // As packages do.
  expect(
    await said("echo daemon-of-a-package:x:998:998::/:/bin/false >>/etc/passwd; id -u daemon-of-a-package"),
  ).toEqual(["998"]);
  expect(await said("touch /workspace/mine; ls -l /workspace/mine")).toEqual([
    expect.stringMatching(/^-rw-r--r-- 1 root root /),
  ]);
  await runtime.close();
});
