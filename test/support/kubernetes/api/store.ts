/**
 * All objects, each change numbered by one resourceVersion and kept as an event: watches replay from it. Who writes
 * here has decided already; what is allowed is the registry's question.
 */
import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "./objects.ts";
import { qualifiedName, type Resource, resources } from "./resources.ts";

export interface Change {
  version: number;
  resource: Resource;
  type: "ADDED" | "MODIFIED" | "DELETED";
  object: KubeObject;
  /** The object before; null when it was not there. */
  previous: KubeObject | null;
}

/** More than any watch that is alive misses; a longer history would grow with every test. */
const maxChanges = 20_000;

export class Store {
  #version = 1;
  /** Changes up to this version are forgotten: a watch from before it is told 410. */
  #forgotten = 0;
  #changes: Change[] = [];
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #listeners = new Set<(change: Change) => void>();

  constructor() {
    for (const resource of resources) this.#objects.set(qualifiedName(resource), new Map());
  }

  get version(): number {
    return this.#version;
  }

  get(resource: Resource, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#of(resource).get(keyOf(namespace, name));
  }

  list(resource: Resource, namespace?: string): KubeObject[] {
    const all = [...this.#of(resource).values()];
    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  /** Writes the object under the next version; one that is there already unchanged keeps its version. */
  put(resource: Resource, object: KubeObject): KubeObject {
    const { namespace, name } = object.metadata;
    const previous = this.get(resource, namespace, name) ?? null;
    if (previous !== null && isSame(previous, object)) return previous;
    this.#version += 1;
    const written = structuredClone(object);
    written.metadata.resourceVersion = String(this.#version);
    this.#of(resource).set(keyOf(namespace, name), written);
    this.#tell({ version: this.#version, resource, type: previous ? "MODIFIED" : "ADDED", object: written, previous });
    return written;
  }

  remove(resource: Resource, object: KubeObject): void {
    const { namespace, name } = object.metadata;
    const previous = this.get(resource, namespace, name);
    if (previous === undefined || previous.metadata.uid !== object.metadata.uid) return;
    this.#version += 1;
    this.#of(resource).delete(keyOf(namespace, name));
    const last = structuredClone(previous);
    last.metadata.resourceVersion = String(this.#version);
    this.#tell({ version: this.#version, resource, type: "DELETED", object: last, previous });
  }

  /** Changes after `version`, or null when some of them are forgotten. */
  since(version: number): Change[] | null {
    if (version < this.#forgotten) return null;
    return this.#changes.filter((change) => change.version > version);
  }

  /** Forgets the history, as etcd's compaction does every five minutes. */
  compact(): void {
    this.#forget(0);
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #forget(keep: number): void {
    const kept = keep === 0 ? [] : this.#changes.slice(-keep);
    this.#forgotten = (kept[0]?.version ?? this.#version + 1) - 1;
    this.#changes = kept;
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    if (this.#changes.length > 2 * maxChanges) this.#forget(maxChanges);
    for (const listener of [...this.#listeners]) listener(change);
  }

  #of(resource: Resource): Map<string, KubeObject> {
    const found = this.#objects.get(qualifiedName(resource));
    if (found === undefined) throw new Error(`no such resource: ${qualifiedName(resource)}`);
    return found;
  }
}

const keyOf = (namespace: string | undefined, name: string) => `${namespace ?? ""}/${name}`;

function isSame(one: KubeObject, other: KubeObject): boolean {
  const plain = (object: KubeObject) => ({
    ...object,
    metadata: {
      ...object.metadata,
      resourceVersion: "",
      managedFields: object.metadata.managedFields?.map((entry) => ({ ...entry, time: "" })),
    },
  });
  return isDeepStrictEqual(plain(one), plain(other));
}
