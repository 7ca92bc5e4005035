/** An object that is gone, and another one of its name: what was meant for the first changes nothing and makes nothing. */
import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ApiServer } from "../../../../bridge/runtime/kubernetes/client/api-server.ts";
import { Calls } from "../../../../bridge/runtime/kubernetes/client/calls.ts";
import { claim } from "../../../../bridge/runtime/kubernetes/manifests/claim.ts";
import { objectName } from "../../../../bridge/runtime/kubernetes/manifests/names.ts";
import { defaultSettings } from "../../../../bridge/runtime/kubernetes/manifests/settings.ts";
import { claimView } from "../../../../bridge/runtime/kubernetes/observe/views.ts";
import { Steps } from "../../../../bridge/runtime/kubernetes/steps.ts";
import { clientOf, podOf } from "../../../support/kubernetes/client.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, namespace } from "./ground.ts";

const settings = { ...defaultSettings, namespace };
let ground: ClusterGround;
let calls: Calls;

beforeAll(async () => {
  ground = await makeGround({ namespaces: [namespace] });
  const config = new KubeConfig();
  config.loadFromString(ground.cluster.kubeconfig());
  calls = new Calls(new ApiServer(config), namespace);
}, 60_000);
afterAll(() => ground.dispose());

it("annotates no other pod of that name", async () => {
  const { core } = clientOf(ground.cluster);
  const body = podOf("twice", "true", { nodeSelector: { no: "node" } });
  const uid = (await core.createNamespacedPod({ namespace, body })).metadata?.uid ?? "";
  expect(await calls.annotate("pods", { name: "twice", uid }, { said: "first" })).not.toBeNull();
  await core.deleteNamespacedPod({ name: "twice", namespace });
  await core.createNamespacedPod({ namespace, body });
  expect(await calls.annotate("pods", { name: "twice", uid }, { said: "again" })).toBeNull();
  const { metadata } = await core.readNamespacedPod({ name: "twice", namespace });
  expect(metadata?.annotations ?? {}).toEqual({});
  const bad = calls.annotate("pods", { name: "twice", uid: metadata?.uid ?? "" }, { "no name": "x" });
  await expect(bad).rejects.toMatchObject({ kind: "invalid" });
});

it("makes no claim anew by what it says of one that has gone", async () => {
  const environment = desiredEnvironment();
  const name = objectName(environment.id);
  const signal = AbortSignal.timeout(30_000);
  const steps = new Steps(calls, settings, {});
  const made = await calls.apply("persistentvolumeclaims", claim(environment, settings), signal);
  const view = claimView(made);
  expect((await steps.markStopped(environment.id, view, signal)).metadata.uid).toBe(view.uid);
  await steps.removeClaim(environment.id, made, signal);
  await expect(steps.markStopped(environment.id, view, signal)).rejects.toMatchObject({ kind: "conflict" });
  await steps.finish(environment.id, view, signal);
  expect(await calls.get("persistentvolumeclaims", name)).toBeNull();
});
