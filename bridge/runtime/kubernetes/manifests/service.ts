/** Gives an environment's port a name in the cluster. Who may reach it is for the network policies to say: nobody, at first. */
import type { V1Service } from "@kubernetes/client-node";
import type { DesiredEnvironment } from "../../../../durable-objects/protocol/bridge-api.ts";
import { ownedByClaim } from "./claim.ts";
import { environmentLabel, labels, objectName } from "./names.ts";
import type { ManifestSettings } from "./settings.ts";

/** Null for an environment without a port. */
export function service(
  environment: DesiredEnvironment,
  claimUid: string,
  settings: ManifestSettings,
): V1Service | null {
  if (environment.port === null) return null;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: objectName(environment.id),
      namespace: settings.namespace,
      labels: labels(environment.id, settings),
      ownerReferences: [ownedByClaim(environment.id, claimUid)],
    },
    spec: {
      type: "ClusterIP",
      selector: { [environmentLabel]: environment.id },
      ports: [{ name: "web", port: environment.port, targetPort: environment.port, protocol: "TCP" }],
    },
  };
}
