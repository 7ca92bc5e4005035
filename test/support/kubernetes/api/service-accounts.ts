/** The controller that gives every namespace its `default` service account. */
import { timestamp } from "./objects.ts";
import { resourceOf } from "./resources.ts";
import type { Store } from "./store.ts";

export function keepServiceAccounts(store: Store): void {
  store.onChange(({ resource, type, object }) => {
    if (resource.plural !== "namespaces" || type !== "ADDED") return;
    const place = { name: "default", namespace: object.metadata.name };
    const metadata = { ...place, uid: crypto.randomUUID(), resourceVersion: "", creationTimestamp: timestamp() };
    store.put(resourceOf("serviceaccounts"), { apiVersion: "v1", kind: "ServiceAccount", metadata });
  });
}
