/** Watches: events as lines of JSON on an open response, and what may befall them on demand. */
import type { ServerResponse } from "node:http";
import { type Fields, type KubeObject, textAt } from "./objects.ts";
import { apiVersionOf, type Resource } from "./resources.ts";
import type { Selector } from "./selectors.ts";
import { badRequest, expired } from "./statuses.ts";
import type { Change, Store } from "./store.ts";

export interface Scope {
  resource: Resource;
  namespace: string | undefined;
  selector: Selector;
}

interface Watch extends Scope {
  response: ServerResponse;
  /** Connected, but nothing comes any more. */
  isStalled: boolean;
}

export class Watches {
  readonly #store: Store;
  readonly #open = new Set<Watch>();
  #startStalled = false;

  constructor(store: Store) {
    this.#store = store;
    store.onChange((change) => {
      for (const watch of this.#open) tell(watch, change);
    });
  }

  get count(): number {
    return this.#open.size;
  }

  /** How many watch this resource (its plural). */
  countOf(plural: string): number {
    return [...this.#open].filter(({ resource }) => resource.plural === plural).length;
  }

  start(scope: Scope, query: URLSearchParams, response: ServerResponse): void {
    const from = query.get("resourceVersion") ?? "";
    if (!/^\d*$/.test(from))
      throw badRequest(`Invalid value: "${from}": strconv.ParseUint: parsing "${from}": invalid syntax`);
    const watch: Watch = { ...scope, response, isStalled: this.#startStalled };
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    this.#open.add(watch);
    response.on("close", () => this.#open.delete(watch));
    this.#replay(watch, from);
    const seconds = Number(query.get("timeoutSeconds") ?? 0);
    if (seconds > 0) {
      const timer = setTimeout(() => response.end(), seconds * 1000);
      response.on("close", () => clearTimeout(timer));
    }
  }

  #replay(watch: Watch, from: string): void {
    if (from === "" || from === "0") {
      for (const object of this.#store.list(watch.resource, watch.namespace)) {
        if (watch.selector(object)) write(watch, "ADDED", object);
      }
      return;
    }
    const changes = this.#store.since(Number(from));
    if (changes !== null) for (const change of changes) tell(watch, change);
    else endExpired(watch, `too old resource version: ${from} (${this.#store.version})`);
  }

  /** Every watch's connection breaks, or those of one resource. */
  cut(plural?: string): void {
    for (const watch of this.#of(plural)) watch.response.destroy();
  }

  /** The server ends them in order, as it does every few minutes. */
  end(plural?: string): void {
    for (const watch of this.#of(plural)) watch.response.end();
  }

  /** From now on the open ones, and new ones too, stay connected and tell nothing. */
  stall(plural?: string): void {
    this.#startStalled = true;
    for (const watch of this.#of(plural)) watch.isStalled = true;
  }

  /** New watches are told again; stalled ones stay silent. */
  unstall(): void {
    this.#startStalled = false;
  }

  /** ERROR events with 410, and the end: everybody has to list again. */
  expire(plural?: string): void {
    for (const watch of this.#of(plural)) {
      endExpired(watch, `The resourceVersion for the provided watch is too old.`);
    }
  }

  bookmark(plural?: string): void {
    for (const watch of this.#of(plural)) {
      const { resource } = watch;
      const metadata = { resourceVersion: String(this.#store.version), creationTimestamp: null };
      write(watch, "BOOKMARK", { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata });
    }
  }

  #of(plural: string | undefined): Watch[] {
    return [...this.#open].filter(({ resource }) => plural === undefined || resource.plural === plural);
  }
}

function endExpired(watch: Watch, message: string): void {
  write(watch, "ERROR", expired(message).toStatus());
  watch.response.end();
}

function tell(watch: Watch, change: Change): void {
  if (change.resource !== watch.resource) return;
  if (watch.namespace !== undefined && textAt(change.object, "metadata", "namespace") !== watch.namespace) return;
  const type = typeFor(watch.selector, change);
  if (type !== null) write(watch, type, change.object);
}

/** What a change looks like to who sees only what is selected. */
function typeFor(selector: Selector, { type, object, previous }: Change): Change["type"] | null {
  const wasSeen = previous !== null && selector(previous);
  const isSeen = type !== "DELETED" && selector(object);
  if (isSeen) return wasSeen ? "MODIFIED" : "ADDED";
  return wasSeen ? "DELETED" : null;
}

function write(watch: Watch, type: string, object: KubeObject | Fields): void {
  if (watch.isStalled || watch.response.writableEnded) return;
  watch.response.write(`${JSON.stringify({ type, object })}\n`);
}
