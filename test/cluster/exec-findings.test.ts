/** What the fake cluster was made after still holds, on the cluster that KUBECONFIG names. */
import { inject } from "vitest";
import { isRunning, podThat } from "../support/kubernetes/client.ts";
import { execFindings, findingsPod } from "../support/kubernetes/exec-findings.ts";
import { connect } from "./connection.ts";
import { smallResources } from "./errands.ts";
import { clear } from "./run.ts";
import { readSettings } from "./settings.ts";

const run = inject("cluster");

execFindings("this cluster", async () => {
  const connection = connect(readSettings().kubeconfig);
  const client = { ...connection, namespace: run.namespace };
  // Runs may share a namespace.
  const pod = `findings-${run.clusterId}`;
  const found = findingsPod(run.image, pod);
  const containers = found.spec?.containers.map((each) => ({ ...each, resources: smallResources })) ?? [];
  const spec = { ...found.spec, containers, nodeSelector: run.nodeSelector };
  const body = { ...found, metadata: { ...found.metadata, labels: run.labels }, spec };
  await client.core.createNamespacedPod({ namespace: run.namespace, body });
  await podThat(client, pod, isRunning);
  return { client, pod, dispose: () => clear(connection, run) };
});
