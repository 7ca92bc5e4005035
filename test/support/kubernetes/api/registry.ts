/** The verbs on objects: what is asked is defaulted, validated, admitted and only then stored. */
import { randomUUID } from "node:crypto";
import { applyTo, ownedBy, type Writer } from "../apply/managers.ts";
import { jsonPatch, mergePatch, strategicPatch } from "../apply/patches.ts";
import { type Deletion, Deletions } from "./deletions.ts";
import { fieldsAt, isFields, type KubeObject, timestamp } from "./objects.ts";
import { apiVersionOf, type Resource, resourceOf } from "./resources.ts";
import { alreadyExists, badRequest, forbidden, invalid, modified, notFound } from "./statuses.ts";
import type { Store } from "./store.ts";

export interface Target {
  resource: Resource;
  namespace: string | undefined;
  name: string;
  subresource: string | undefined;
}

export interface Wish extends Writer {
  isDryRun: boolean;
}

/** What a kind asks of its objects. Each may throw a StatusError. */
export interface Policy {
  /** Brings what was sent into the form it is kept in, in place; owners are owners of that form. */
  decode?(object: KubeObject): void;
  /** Fills in what was left out, in place. */
  applyDefaults?(object: KubeObject): void;
  validate?(object: KubeObject, before: KubeObject | null): void;
  /** Quotas and the like: asks the whole cluster. */
  admit?(object: KubeObject, before: KubeObject | null): void;
}

export type PatchType = "merge" | "strategic" | "json" | "apply";

export class Registry {
  readonly store: Store;
  readonly #policyOf: (resource: Resource) => Policy[];
  readonly #deletions: Deletions;

  constructor(store: Store, policyOf: (resource: Resource) => Policy[]) {
    this.store = store;
    this.#policyOf = policyOf;
    this.#deletions = new Deletions(store);
  }

  get(target: Target): KubeObject {
    const found = this.store.get(target.resource, target.namespace, target.name);
    if (found === undefined) throw notFound(target.resource, target.name);
    return found;
  }

  create(resource: Resource, namespace: string | undefined, body: unknown, wish: Wish): KubeObject {
    const object = this.#decoded(resource, namespace, body);
    const name = object.metadata.name;
    if (this.store.get(resource, namespace, name) !== undefined) throw alreadyExists(resource, name);
    return this.#write(resource, null, ownedBy(null, this.#prepared(resource, object), wish), wish);
  }

  update(target: Target, body: unknown, wish: Wish): KubeObject {
    const before = this.get(target);
    const given = this.#decoded(target.resource, target.namespace, body);
    if ((given.metadata.uid ?? before.metadata.uid) !== before.metadata.uid) throw otherUid(target, given, before);
    const version = given.metadata.resourceVersion;
    if (version !== undefined && version !== before.metadata.resourceVersion) throw stale(target);
    return this.#replace(target, before, given, wish);
  }

  patch(target: Target, type: PatchType, patch: unknown, wish: Wish): KubeObject {
    if (type === "apply") return this.#apply(target, patch, wish);
    const before = this.get(target);
    const patched =
      type === "json"
        ? jsonPatch(before, patch)
        : type === "merge"
          ? mergePatch(before, patch)
          : strategicPatch(before, patch);
    const after = this.#decoded(target.resource, target.namespace, patched);
    if (after.metadata.resourceVersion !== before.metadata.resourceVersion) throw stale(target);
    if (after.metadata.uid !== before.metadata.uid) {
      const message = `Invalid value: "${after.metadata.uid}": field is immutable`;
      throw invalid(target.resource, target.name, [{ reason: "FieldValueInvalid", message, field: "metadata.uid" }]);
    }
    return this.#replace(target, before, after, wish);
  }

  delete(target: Target, deletion: Deletion): KubeObject | null {
    return this.#deletions.delete(target.resource, this.get(target), deletion);
  }

  #apply(target: Target, patch: unknown, wish: Wish): KubeObject {
    const { resource, namespace, name } = target;
    if (wish.manager === "")
      throw badRequest(
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      );
    const applied = this.#decoded(resource, namespace, patch, name);
    if (isFields(patch) && fieldsAt(patch, "metadata")["managedFields"] !== undefined)
      throw badRequest("metadata.managedFields must be nil");
    const before = this.store.get(resource, namespace, name) ?? null;
    const { uid } = applied.metadata;
    if (uid !== undefined && uid !== before?.metadata.uid) throw otherUid(target, applied, before);
    const result = applyTo(before, applied, wish);
    if (before !== null) return this.#write(resource, before, kept(before, result), wish);
    const managedFields = result.metadata.managedFields ?? [];
    const prepared = this.#prepared(resource, result);
    prepared.metadata.managedFields = managedFields;
    return this.#write(resource, null, prepared, wish);
  }

  #replace(target: Target, before: KubeObject, given: KubeObject, wish: Wish): KubeObject {
    const isStatus = target.subresource === "status";
    const after = kept(before, { ...given });
    if (isStatus) Object.assign(after, structuredClone(before), { status: given["status"] });
    else if ("status" in before) after["status"] = before["status"];
    return this.#write(target.resource, before, ownedBy(before, after, wish), wish);
  }

  #decoded(resource: Resource, namespace: string | undefined, body: unknown, name?: string): KubeObject {
    const object = asObject(resource, namespace, body, name);
    for (const policy of this.#policyOf(resource)) policy.decode?.(object);
    return object;
  }

  #prepared(resource: Resource, object: KubeObject): KubeObject {
    const { resourceVersion: _, managedFields: __, deletionTimestamp: ___, ...metadata } = object.metadata;
    const created = { uid: randomUUID(), creationTimestamp: timestamp(), resourceVersion: "" };
    const prepared: KubeObject = { ...object, metadata: { ...metadata, ...created } };
    if (isFields(prepared["spec"])) prepared.metadata.generation = 1;
    for (const policy of this.#policyOf(resource)) policy.applyDefaults?.(prepared);
    return prepared;
  }

  #write(resource: Resource, before: KubeObject | null, after: KubeObject, wish: Wish): KubeObject {
    const { namespace } = after.metadata;
    if (before === null && namespace !== undefined) this.#refuseNamespace(resource, namespace, after.metadata.name);
    for (const policy of this.#policyOf(resource)) policy.validate?.(after, before);
    for (const policy of this.#policyOf(resource)) policy.admit?.(after, before);
    if (wish.isDryRun) return after;
    const written = this.store.put(resource, after);
    this.#deletions.afterWrite(resource, written);
    return written;
  }

  #refuseNamespace(resource: Resource, namespace: string, name: string): void {
    const found = this.store.get(resourceOf("namespaces"), undefined, namespace);
    if (found === undefined) throw notFound(resourceOf("namespaces"), namespace);
    if (found.metadata.deletionTimestamp === undefined) return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    const message = `namespace ${namespace} is being terminated`;
    const cause = { reason: "NamespaceTerminating", message, field: "metadata.namespace" };
    throw forbidden(resource, name, why, [cause]);
  }
}

const stale = ({ resource, name }: Target) =>
  modified(
    resource,
    name,
    "the object has been modified; please apply your changes to the latest version and try again",
  );

/** Where a patch that is no apply is invalid. */
const otherUid = ({ resource, name }: Target, given: KubeObject, before: KubeObject | null) =>
  modified(
    resource,
    name,
    `Precondition failed: UID in precondition: ${given.metadata.uid}, UID in object meta: ${before?.metadata.uid ?? ""}`,
  );

/** What no update changes, whatever it says. */
function kept(before: KubeObject, after: KubeObject): KubeObject {
  const { uid, creationTimestamp, resourceVersion, deletionTimestamp, deletionGracePeriodSeconds, generation } =
    before.metadata;
  const fixed = { uid, creationTimestamp, resourceVersion, deletionTimestamp, deletionGracePeriodSeconds, generation };
  const present = Object.fromEntries(Object.entries(fixed).filter(([, value]) => value !== undefined));
  const metadata = { ...after.metadata, ...present };
  const isChanged = JSON.stringify(before["spec"]) !== JSON.stringify(after["spec"]);
  if (isChanged && generation !== undefined) metadata.generation = generation + 1;
  return { ...after, metadata };
}

/** The body as an object of this kind and place. Throws 400 where it is another's. */
function asObject(resource: Resource, namespace: string | undefined, body: unknown, name?: string): KubeObject {
  if (!isFields(body)) throw badRequest(`the object provided is unrecognized (must be of type ${resource.kind})`);
  const { apiVersion = apiVersionOf(resource), kind = resource.kind } = body;
  if (apiVersion !== apiVersionOf(resource) || kind !== resource.kind) {
    throw badRequest(
      `${kind} in version "${apiVersion}" cannot be handled as a ${resource.kind}: the object provided is of another kind`,
    );
  }
  const metadata = { ...fieldsAt(body, "metadata") };
  const generated = metadata["generateName"];
  if (metadata["name"] === undefined && typeof generated === "string")
    metadata["name"] = generated + randomUUID().slice(0, 5);
  const given = metadata["name"] ?? name;
  if (name !== undefined && given !== name)
    throw badRequest(`name in URL does not match name in metadata: ${name} != ${given}`);
  if (typeof given !== "string" || given === "") {
    throw invalid(resource, "", [
      {
        reason: "FieldValueRequired",
        message: "Required value: name or generateName is required",
        field: "metadata.name",
      },
    ]);
  }
  if (namespace !== undefined && (metadata["namespace"] ?? namespace) !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  const place = namespace === undefined ? {} : { namespace };
  // The remaining fields are checked by the kind's policy before anybody reads them.
  return structuredClone({
    ...body,
    apiVersion: String(apiVersion),
    kind: resource.kind,
    metadata: { ...metadata, name: given, ...place },
  }) as KubeObject;
}
