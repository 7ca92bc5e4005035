/** bridge.yaml: what the chart makes with its own values, for who has no Helm. */
import { stringify } from "yaml";
import { type Rendered, renderObjects, valuesWith } from "./chart.ts";

const release = { name: "devpocket-bridge", namespace: "devpocket" };
const head = `# The bridge without Helm: what bridge/deploy/chart makes with its own values (npm run manifest:write). Before applying it,
# put your server's address in DEVPOCKET_URL and make the Secret with the token: see README.md beside this file.
`;
/** Nothing stands in a namespace that is not there yet. */
const order = ["Namespace", "ServiceAccount", "Role", "RoleBinding"];

export function plainManifest(): string {
  const own: Rendered = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: release.namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
  };
  const objects = [own, ...renderObjects(release, valuesWith())].sort((one, other) => rank(one) - rank(other));
  return head + objects.map((object) => stringify(withoutHelm(object), { version: "1.1" })).join("---\n");
}

function rank({ kind }: Rendered): number {
  const place = order.indexOf(kind);
  return place < 0 ? order.length : place;
}

/** Nobody looks after it but kubectl. */
function withoutHelm(object: Rendered): unknown {
  const text = JSON.stringify(object, (name, value: unknown) => {
    if (name === "app.kubernetes.io/managed-by" && value === "Helm") return undefined;
    if (name === "annotations" && JSON.stringify(value) === '{"helm.sh/resource-policy":"keep"}') return undefined;
    return value;
  });
  return JSON.parse(text);
}
