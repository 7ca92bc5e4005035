/** Deletion as Kubernetes does it: grace periods, finalizers, preconditions, and the garbage collector behind owners. */
import { isFields, type KubeObject, textAt, timestamp } from "./objects.ts";
import { type Resource, resourceOf, resources } from "./resources.ts";
import { modified } from "./statuses.ts";
import type { Store } from "./store.ts";

export interface Deletion {
  gracePeriodSeconds?: number | undefined;
  propagationPolicy?: string | undefined;
  preconditions?: { uid?: string | undefined; resourceVersion?: string | undefined } | undefined;
}

export class Deletions {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    store.onChange(({ type, object }) => {
      if (type === "DELETED") this.#collect(object.metadata.uid);
    });
  }

  /** Null when it is gone; else the object, which now waits for its finalizers or its grace period. */
  delete(resource: Resource, object: KubeObject, deletion: Deletion): KubeObject | null {
    checkPreconditions(resource, object, deletion);
    const marked = this.#marked(resource, object, deletion);
    if (resource.plural === "namespaces") return this.#deleteNamespace(resource, marked);
    if (deletion.propagationPolicy === "Orphan") this.#orphan(object.metadata.uid);
    if (isWaiting(resource, marked)) return this.#store.put(resource, marked);
    this.#store.remove(resource, object);
    return null;
  }

  /** Removes what waited for nothing but this write, and what was made for owners that are not there. */
  afterWrite(resource: Resource, object: KubeObject): void {
    if (object.metadata.deletionTimestamp !== undefined && !isWaiting(resource, object))
      this.#store.remove(resource, object);
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.length > 0 && !owners.some(({ uid }) => this.#exists(uid)))
      queueMicrotask(() => this.#deleteIfThere(resource, object));
  }

  #marked(resource: Resource, object: KubeObject, deletion: Deletion): KubeObject {
    const spec = isFields(object["spec"]) ? object["spec"] : {};
    const isPod = resource.plural === "pods";
    const own = isPod ? Number(spec["terminationGracePeriodSeconds"] ?? 30) : 0;
    // What is on no node yet has nobody who could end it gently.
    const seconds = isPod && spec["nodeName"] === undefined ? 0 : (deletion.gracePeriodSeconds ?? own);
    const before = object.metadata.deletionGracePeriodSeconds;
    const grace = before === undefined ? seconds : Math.min(before, seconds);
    const at = object.metadata.deletionTimestamp ?? timestamp(new Date(Date.now() + grace * 1000));
    return { ...object, metadata: { ...object.metadata, deletionTimestamp: at, deletionGracePeriodSeconds: grace } };
  }

  #deleteNamespace(resource: Resource, namespace: KubeObject): KubeObject | null {
    const terminating = this.#store.put(resource, { ...namespace, status: { phase: "Terminating" } });
    for (const each of resources.filter(({ isNamespaced }) => isNamespaced)) {
      for (const object of this.#store.list(each, namespace.metadata.name)) this.#deleteIfThere(each, object);
    }
    const stop = this.#store.onChange(({ type }) => {
      if (type === "DELETED" && this.#isEmpty(namespace.metadata.name)) finish();
    });
    const finish = () => {
      stop();
      this.#store.remove(resource, terminating);
    };
    if (this.#isEmpty(namespace.metadata.name)) finish();
    return terminating;
  }

  #isEmpty(namespace: string): boolean {
    return resources.every(
      (each) => !each.isNamespaced || each.plural === "events" || this.#store.list(each, namespace).length === 0,
    );
  }

  #exists(uid: string): boolean {
    return resources.some((resource) => this.#store.list(resource).some(({ metadata }) => metadata.uid === uid));
  }

  /** Deletes what only this owner held. */
  #collect(uid: string): void {
    for (const { resource, object } of this.#dependents(uid)) {
      const others = (object.metadata.ownerReferences ?? []).filter(
        (owner) => owner.uid !== uid && this.#exists(owner.uid),
      );
      if (others.length === 0) this.#deleteIfThere(resource, object);
      else this.#store.put(resource, { ...object, metadata: { ...object.metadata, ownerReferences: others } });
    }
  }

  #orphan(uid: string): void {
    for (const { resource, object } of this.#dependents(uid)) {
      const others = (object.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
      this.#store.put(resource, { ...object, metadata: { ...object.metadata, ownerReferences: others } });
    }
  }

  #dependents(uid: string): { resource: Resource; object: KubeObject }[] {
    return resources.flatMap((resource) =>
      this.#store
        .list(resource)
        .filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid))
        .map((object) => ({ resource, object })),
    );
  }

  #deleteIfThere(resource: Resource, object: KubeObject): void {
    const current = this.#store.get(resource, object.metadata.namespace, object.metadata.name);
    if (current?.metadata.uid === object.metadata.uid) this.delete(resource, current, {});
  }
}

/** Whether a deleted object has to stay: for a finalizer, or while its processes end. */
function isWaiting(resource: Resource, object: KubeObject): boolean {
  const isEnding = resource === resourceOf("pods") && (object.metadata.deletionGracePeriodSeconds ?? 0) > 0;
  return isEnding || (object.metadata.finalizers ?? []).length > 0;
}

function checkPreconditions(resource: Resource, object: KubeObject, { preconditions }: Deletion): void {
  const { uid, resourceVersion, name } = object.metadata;
  if (preconditions?.uid !== undefined && preconditions.uid !== uid) {
    throw modified(
      resource,
      name,
      `Precondition failed: UID in precondition: ${preconditions.uid}, UID in object meta: ${uid}`,
    );
  }
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
    throw modified(
      resource,
      name,
      `Precondition failed: ResourceVersion in precondition: ${preconditions.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`,
    );
  }
}

/** DeleteOptions from a body and a query, as far as they are well formed. */
export function deletionOf(body: unknown, query: URLSearchParams): Deletion {
  const options = isFields(body) ? body : {};
  const seconds = options["gracePeriodSeconds"] ?? query.get("gracePeriodSeconds") ?? undefined;
  return {
    gracePeriodSeconds: seconds === undefined ? undefined : Number(seconds),
    propagationPolicy: textAt(options, "propagationPolicy") ?? query.get("propagationPolicy") ?? undefined,
    preconditions: {
      uid: textAt(options, "preconditions", "uid"),
      resourceVersion: textAt(options, "preconditions", "resourceVersion"),
    },
  };
}
