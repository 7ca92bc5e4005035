/** The fake's exec does what a real one was found to do. */
import { clientOf, isRunning, namespace, podThat } from "./client.ts";
import { startFakeCluster } from "./cluster.ts";
import { execFindings, findingsPod } from "./exec-findings.ts";

execFindings("the fake cluster", async () => {
  const cluster = await startFakeCluster({ namespaces: [namespace] });
  const client = clientOf(cluster);
  const pod = "findings";
  await client.core.createNamespacedPod({ namespace, body: findingsPod("debian:12", pod) });
  await podThat(client, pod, isRunning);
  return { client, pod, dispose: () => cluster.close() };
});
