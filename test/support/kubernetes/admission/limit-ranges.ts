/** LimitRange: what a container gets when it asks for nothing, and the most that a container or a claim may ask for. */
import { type Fields, fieldsAt, isFields, type KubeObject } from "../api/objects.ts";
import type { Policy } from "../api/registry.ts";
import { resourceOf } from "../api/resources.ts";
import { forbidden } from "../api/statuses.ts";
import type { Store } from "../api/store.ts";
import { podSpecOf } from "./pod-schema.ts";
import { quantityOf } from "./quantities.ts";

const pods = resourceOf("pods");
const claims = resourceOf("persistentvolumeclaims");

/** Pods are looked at when they are made only: their containers do not change. */
export function podLimitPolicy(store: Store): Policy {
  return {
    applyDefaults(pod) {
      for (const range of rangesOf(store, pod, "Container")) {
        for (const list of ["initContainers", "containers"]) fill(pod, list, range);
      }
    },
    admit(pod, before) {
      if (before !== null) return;
      const { containers, initContainers } = podSpecOf(pod);
      const causes = rangesOf(store, pod, "Container").flatMap((range) =>
        [...initContainers, ...containers].flatMap(({ resources: { limits = {} } }) =>
          overs(range, "Container", limits, "limit"),
        ),
      );
      refuse(pods, pod, causes);
    },
  };
}

/** Claims are looked at with every change, except those that are being deleted. */
export function claimLimitPolicy(store: Store): Policy {
  return {
    admit(claim, before) {
      if (before?.metadata.deletionTimestamp !== undefined) return;
      const asked = fieldsAt(claim, "spec", "resources", "requests");
      const causes = rangesOf(store, claim, "PersistentVolumeClaim").flatMap((range) =>
        overs(range, "PersistentVolumeClaim", asked, "request"),
      );
      refuse(claims, claim, causes);
    },
  };
}

function rangesOf(store: Store, { metadata }: KubeObject, type: string): Fields[] {
  const ranges = store.list(resourceOf("limitranges"), metadata.namespace);
  return ranges
    .flatMap((range) => fieldsAt(range, "spec")["limits"] ?? [])
    .filter((each): each is Fields => isFields(each) && each["type"] === type);
}

/** As the API server says it. */
function overs(range: Fields, type: string, asked: Fields, what: "limit" | "request"): string[] {
  return Object.entries(fieldsAt(range, "max")).flatMap(([name, most]) => {
    const amount = asked[name];
    if (amount === undefined) return [`maximum ${name} usage per ${type} is ${most}.  No ${what} is specified`];
    if ((quantityOf(String(amount)) ?? 0) <= (quantityOf(String(most)) ?? 0)) return [];
    return [`maximum ${name} usage per ${type} is ${most}, but ${what} is ${amount}`];
  });
}

function refuse(resource: typeof pods, object: KubeObject, causes: readonly string[]): void {
  if (causes.length === 0) return;
  const why = causes.length === 1 ? String(causes[0]) : `[${causes.join(", ")}]`;
  throw forbidden(resource, object.metadata.name, why);
}

function fill(pod: KubeObject, list: string, range: Fields): void {
  const spec = fieldsAt(pod, "spec");
  const containers = spec[list];
  if (!Array.isArray(containers)) return;
  const filled = containers.map((container) => {
    const { limits, requests } = fieldsAt(container, "resources");
    const withLimits = { ...fieldsAt(range, "default"), ...(isFields(limits) ? limits : {}) };
    const asked = { ...withLimits, ...fieldsAt(range, "defaultRequest"), ...(isFields(requests) ? requests : {}) };
    return { ...container, resources: { limits: withLimits, requests: asked } };
  });
  pod["spec"] = { ...spec, [list]: filled };
}
