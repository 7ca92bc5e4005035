/** Events as scheduler, kubelet and controllers write them: the same one again only counts up. */
import { randomBytes } from "node:crypto";
import { type KubeObject, textAt, timestamp } from "../api/objects.ts";
import { resourceOf } from "../api/resources.ts";
import type { Store } from "../api/store.ts";

export interface Told {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  component: string;
}

const events = resourceOf("events");

export function writeEvent(store: Store, about: KubeObject, told: Told): void {
  const { namespace = "default", name, uid, resourceVersion } = about.metadata;
  const isSame = (event: KubeObject) =>
    textAt(event, "involvedObject", "uid") === uid &&
    event["reason"] === told.reason &&
    event["message"] === told.message;
  const before = store.list(events, namespace).find(isSame);
  const now = timestamp();
  if (before !== undefined) {
    store.put(events, { ...before, count: Number(before["count"]) + 1, lastTimestamp: now });
    return;
  }
  const involvedObject = { kind: about.kind, namespace, name, uid, apiVersion: about.apiVersion, resourceVersion };
  const { component, ...rest } = told;
  store.put(events, {
    apiVersion: "v1",
    kind: "Event",
    metadata: {
      name: `${name}.${randomBytes(8).toString("hex")}`,
      namespace,
      uid: crypto.randomUUID(),
      resourceVersion: "",
      creationTimestamp: now,
    },
    involvedObject,
    ...rest,
    source: { component },
    reportingComponent: component,
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
  });
}
