/** What the user of KUBECONFIG may do, as the cluster says. */
import { AuthorizationV1Api } from "@kubernetes/client-node";
import type { Permission } from "../../bridge/runtime/kubernetes/permissions.ts";
import type { Connection } from "./connection.ts";

/** The first of these rights that the user has not in every namespace; null: has them all. */
export async function missingRight({ config }: Connection, permissions: readonly Permission[]): Promise<string | null> {
  const api = config.makeApiClient(AuthorizationV1Api);
  for (const { group, resource: whole, verbs } of permissions) {
    const [resource = "", subresource = ""] = whole.split("/");
    for (const verb of verbs) {
      const spec = { resourceAttributes: { group, resource, subresource, verb } };
      const { status } = await api.createSelfSubjectAccessReview({ body: { spec } });
      if (status?.allowed !== true) return `${verb} ${whole}`;
    }
  }
  return null;
}
