/**
 * What the bridge asks of an API server, one function for each kind of call. Reads and idempotent writes that found no answer
 * are tried again a few times, with jitter.
 */
import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type WebSocket from "ws";
import { z } from "zod";
import { fieldManager } from "../manifests/names.ts";
import type { ApiRequest, ApiServer } from "./api-server.ts";
import { type Kind, pathOf } from "./kinds.ts";
import { ClusterProblem, cutBy } from "./problem.ts";

const triesAtMost = 4;
const firstRetryMs = 200;
const maxRetryMs = 5_000;

/** What every object has, and everything else of it. */
export const objectSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    uid: z.string(),
    resourceVersion: z.string().optional(),
    creationTimestamp: z.string().nullish(),
    deletionTimestamp: z.string().nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
    finalizers: z.array(z.string()).nullish(),
    ownerReferences: z.array(z.looseObject({ kind: z.string(), name: z.string(), uid: z.string() })).nullish(),
    managedFields: z
      .array(z.looseObject({ manager: z.string().optional(), operation: z.string().optional() }))
      .nullish(),
  }),
});
export type ClusterObject = z.infer<typeof objectSchema>;

const listSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string(), continue: z.string().nullish() }),
  items: z.array(z.unknown()).nullish(),
});

/** What is to be applied: who names it has typed it by client-node's models. */
export interface Manifest {
  metadata?: { name?: string } | undefined;
}

type Query = NonNullable<ApiRequest["query"]>;

/** Which objects of a kind; without any, all. */
export interface Selector {
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

export interface Page {
  objects: ClusterObject[];
  version: string;
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
    return parsed(objectSchema, answer);
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
      return parsed(objectSchema, await this.#patiently(request));
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
    return parsed(objectSchema.nullable(), await this.#patiently(request).catch(nullIfMissing));
  }

  /** All of a kind that a selector finds, read from the server's own memory in pages. */
  async list(kind: Kind, selector: Selector, signal: AbortSignal): Promise<Page> {
    const objects: ClusterObject[] = [];
    let next: string | undefined;
    for (;;) {
      const query = { ...selector, limit: 500, continue: next };
      const answer = await this.#server.request({
        method: "GET",
        path: this.#path(kind),
        query,
        signal,
        deadlineMs: 30_000,
      });
      const page = parsed(listSchema, answer);
      for (const item of page.items ?? []) objects.push(parsed(objectSchema, item));
      next = page.metadata.continue || undefined;
      if (next === undefined) return { objects, version: page.metadata.resourceVersion };
    }
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
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#server.request(request);
      } catch (error) {
        const isOver = !(error instanceof ClusterProblem) || error.kind !== "unavailable" || tries >= triesAtMost;
        if (isOver || request.signal?.aborted) throw error;
        const jitter = 0.5 + Math.random() / 2;
        const waitMs = Math.min(maxRetryMs, error.retryAfterMs ?? firstRetryMs * 4 ** (tries - 1));
        await delay(waitMs * jitter, undefined, given(request.signal)).catch((cut: unknown) => {
          throw cutBy(cut, request.signal);
        });
      }
    }
  }
}

/** An answer that is not what it should be is as good as none. */
export function parsed<Value>(schema: z.ZodType<Value>, answer: unknown): Value {
  const { success, data } = schema.safeParse(answer);
  if (!success) throw new ClusterProblem("unavailable", "The API server's answer cannot be read");
  return data;
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
