/** A kubeconfig for one cluster, one user, one context. */
import { stringify } from "yaml";

export function kubeconfigText(of: { url: string; ca: string; token: string; namespace?: string }): string {
  const context = { cluster: "fake", user: "fake", ...(of.namespace === undefined ? {} : { namespace: of.namespace }) };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "fake",
        cluster: { server: of.url, "certificate-authority-data": Buffer.from(of.ca).toString("base64") },
      },
    ],
    users: [{ name: "fake", user: { token: of.token } }],
    contexts: [{ name: "fake", context }],
    "current-context": "fake",
  });
}
