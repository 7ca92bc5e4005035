/**
 * What the bridge asks of an API server, one function for each kind of call. Reads and idempotent writes that found no answer
 * are tried again a few times, with jitter.
 */
import type { IncomingMessage } from "node:http";
import type WebSocket from "ws";
import { fieldManager } from "../manifests/names.ts";
import type { ApiRequest, ApiServer } from "./api-server.ts";
import { type Kind, pathOf } from "./kinds.ts";
import { type ClusterObject, type Manifest, type Page, readObject, readPage } from "./objects.ts";
import { ClusterProblem } from "./problem.ts";
import { untilAnswered } from "./retries.ts";

type Query = NonNullable<ApiRequest["query"]>;

/** Which objects of a kind; without any, all. */
export interface Selector {
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

export class Calls {
  readonly #server: ApiServer;
  /** Where everything that is asked for lies; null: everywhere, for lists, watches and what is in no namespace. */
  readonly namespace: string | null;

  constructor(server: ApiServer, namespace: string | null) {
    this.#server = server;
    this.namespace = namespace;
  }

  /** The same server, another namespace. */
  in(namespace: string | null): Calls {
    return new Calls(this.#server, namespace);
  }

  /**
   * Makes it, or makes it so again. A field that somebody else has set meanwhile is a `conflict`; of what is ours alone
   * (`isOurs`) it becomes what we say.
   */
  async apply(kind: Kind, manifest: Manifest, signal: AbortSignal, isOurs = false): Promise<ClusterObject> {
    const answer = await this.#patiently({
      method: "PATCH",
      path: this.#path(kind, manifest.metadata?.name ?? ""),
      query: { fieldManager, force: isOurs, fieldValidation: "Strict" },
      contentType: "application/apply-patch+yaml",
      body: manifest,
      signal,
    });
    return readObject(answer);
  }

  /**
   * Sets annotations (null takes one away) and leaves everything else as it is; null where the object with this uid is gone.
   * By another manager, so that an apply that does not know them takes none away.
   */
  async annotate(
    kind: Kind,
    { name, uid }: { name: string; uid: string },
    annotations: Record<string, string | null>,
  ): Promise<ClusterObject | null> {
    const request = {
      method: "PATCH",
      path: this.#path(kind, name),
      query: { fieldManager: `${fieldManager}-notes` },
      contentType: "application/merge-patch+json",
      body: { metadata: { uid, annotations } },
    } as const;
    try {
      return readObject(await this.#patiently(request));
    } catch (error) {
      // Of another uid the server says that it is no valid change, as of an annotation that may not be.
      const isOther = error instanceof ClusterProblem && error.kind === "invalid";
      if (!isOther || (await this.get(kind, name))?.metadata.uid === uid) return nullIfGone(error);
      return null;
    }
  }

  /** Null where there is none. */
  async get(kind: Kind, name: string, signal?: AbortSignal): Promise<ClusterObject | null> {
    const request = { method: "GET", path: this.#path(kind, name), ...given(signal) } as const;
    const answer = await this.#patiently(request).catch(nullIfMissing);
    return answer === null ? null : readObject(answer);
  }

  /** All of a kind that a selector finds, read from the server's own memory in pages. */
  async list(kind: Kind, selector: Selector, signal: AbortSignal): Promise<Omit<Page, "next">> {
    const objects: ClusterObject[] = [];
    let page: Page | undefined;
    do {
      const query = { ...selector, limit: 500, continue: page?.next };
      const request = { method: "GET", path: this.#path(kind), query, signal, deadlineMs: 30_000 } as const;
      page = readPage(await this.#server.request(request));
      objects.push(...page.objects);
    } while (page.next !== undefined);
    return { objects, version: page.version };
  }

  /** Changes from a version on, one JSON text a line, until the server has had enough. */
  async watch(kind: Kind, query: Selector & { version: string; seconds: number }, signal: AbortSignal) {
    return await this.#server.stream({
      method: "GET",
      path: this.#path(kind),
      query: {
        watch: true,
        labelSelector: query.labelSelector,
        fieldSelector: query.fieldSelector,
        resourceVersion: query.version,
        timeoutSeconds: query.seconds,
        allowWatchBookmarks: true,
      },
      signal,
    });
  }

  /** Deletes the object with this uid and no other of its name; one that is gone is fine. */
  async delete(kind: Kind, { name, uid }: { name: string; uid: string }, signal: AbortSignal, graceSeconds?: number) {
    const body = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      preconditions: { uid },
      propagationPolicy: "Background",
      ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
    };
    await this.#patiently({ method: "DELETE", path: this.#path(kind, name), body, signal }).catch(nullIfGone);
  }

  /** What a container has printed, as text with times; it goes on where it is followed. */
  async log(pod: string, query: Query, signal: AbortSignal): Promise<IncomingMessage> {
    return await this.#server.stream({ method: "GET", path: `${this.#path("pods", pod)}/log`, query, signal });
  }

  /** What metrics.k8s.io says of a pod; null where it is not installed, has nothing or does not work. */
  async podMetrics(pod: string): Promise<unknown> {
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${this.namespace}/pods/${pod}`;
    try {
      return await this.#server.request({ method: "GET", path, deadlineMs: 5_000 });
    } catch (error) {
      if (error instanceof ClusterProblem) return null;
      throw error;
    }
  }

  /** A WebSocket to a program that runs in a container; see exec/channel.ts. */
  async exec(pod: string, query: Query, protocols: string[], signal: AbortSignal): Promise<WebSocket> {
    return await this.#server.socket({ path: `${this.#path("pods", pod)}/exec`, query, signal }, protocols);
  }

  #path(kind: Kind, name?: string): string {
    return pathOf(kind, this.namespace, name);
  }

  async #patiently(request: ApiRequest): Promise<unknown> {
    return await untilAnswered(() => this.#server.request(request), request.signal);
  }
}

/** A conflict with the uid: another one has its name. */
function nullIfGone(error: unknown): null {
  if (error instanceof ClusterProblem && error.kind === "conflict") return null;
  return nullIfMissing(error);
}

function nullIfMissing(error: unknown): null {
  if (error instanceof ClusterProblem && error.kind === "not_found") return null;
  throw error;
}

function given(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
