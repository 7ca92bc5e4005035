/** The fake's exec does what a real one was found to do. */
import { clientOf, isRunning, namespace, podThat } from "./client.ts";
import { startFakeCluster } from "./cluster.ts";
import { execFindings, findingsPod } from "./exec-findings.ts";

execFindings("the fake cluster", async () => {
  const cluster = await startFakeCluster({ namespaces: [namespace] });
  const client = clientOf(cluster);
  await client.core.createNamespacedPod({ namespace, body: findingsPod("debian:12") });
  await podThat(client, "pod", isRunning);
  return { client, dispose: () => cluster.close() };
});
