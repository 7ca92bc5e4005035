/** The controller that gives every namespace its `default` service account, soon after it was made; and who asks for one. */

import { fieldsAt, type KubeObject, textAt, timestamp } from "./objects.ts";
import type { Policy } from "./registry.ts";
import { resourceOf } from "./resources.ts";
import { forbidden } from "./statuses.ts";
import type { Store } from "./store.ts";

const accounts = resourceOf("serviceaccounts");
const namespaces = resourceOf("namespaces");

export function keepServiceAccounts(store: Store, delayMs: number): void {
  store.onChange(({ resource, type, object }) => {
    if (resource === namespaces && type === "ADDED")
      setTimeout(() => giveServiceAccount(store, object), delayMs).unref();
  });
}

/** Unless the namespace is gone meanwhile, or going. */
export function giveServiceAccount(store: Store, { metadata }: KubeObject): void {
  const namespace = store.get(namespaces, undefined, metadata.name);
  if (namespace?.metadata.uid !== metadata.uid || namespace.metadata.deletionTimestamp !== undefined) return;
  const place = { name: "default", namespace: metadata.name };
  const made = { ...place, uid: crypto.randomUUID(), resourceVersion: "", creationTimestamp: timestamp() };
  store.put(accounts, { apiVersion: "v1", kind: "ServiceAccount", metadata: made });
}

/** A pod is let in only once its account is there, whether or not it wants a token of it. */
export function serviceAccountPolicy(store: Store): Policy {
  return {
    admit(pod, before) {
      const { namespace, name } = pod.metadata;
      const account = textAt(fieldsAt(pod, "spec"), "serviceAccountName") ?? "default";
      if (before !== null || store.get(accounts, namespace, account) !== undefined) return;
      const why = `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`;
      throw forbidden(resourceOf("pods"), name, why);
    },
  };
}
