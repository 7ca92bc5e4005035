/**
 * A copy of all objects of one kind that a selector finds, kept true by a list and a watch. It lives through cut
 * connections, versions that the server has forgotten (410) and connections that have died in silence: a watch is asked to end
 * after a while, and one that does not is given up. Stopped is stopped.
 */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { LogDetail, LogLevel } from "../../../../durable-objects/protocol/log-line.ts";
import { RuntimeFailure } from "../../runtime.ts";
import type { Calls, Selector } from "../client/calls.ts";
import type { Kind } from "../client/kinds.ts";
import { type ClusterObject, objectSchema } from "../client/objects.ts";
import { ClusterProblem, noAnswer } from "../client/problem.ts";
import { asFailure } from "../failures.ts";
import { jsonLines } from "./json-lines.ts";

/** How long the server is asked to keep a watch, and how much later it must have ended. */
const watchSeconds = 45;
export const silentAfterMs = (watchSeconds + 10) * 1000;
/** How long somebody waits for the first list before he is told that there is none. */
const listedWithinMs = 10_000;
const firstRetryMs = 250;
const maxRetryMs = 10_000;

const eventSchema = z.object({
  type: z.enum(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]),
  object: z.looseObject({
    code: z.number().optional(),
    metadata: z.looseObject({ resourceVersion: z.string().optional() }).optional(),
  }),
});

export interface ReflectorOptions {
  calls: Calls;
  kind: Kind;
  selector: Selector;
  /** Nothing is kept, only told: what there is comes with each watch that begins anew, in no order. */
  isFleeting?: true;
  /** An object is new, has changed or is gone (null). What is in no namespace has "" for one. */
  onChange: (name: string, object: ClusterObject | null, namespace: string) => void;
  /** What is wrong with the way to the server; null when it is well again. */
  onTrouble: (problem: ClusterProblem | null) => void;
}

export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #objects = new Map<string, ClusterObject>();
  readonly #stopping = new AbortController();
  readonly #listed = Promise.withResolvers<void>();
  #version: string | null = null;
  #isListed = false;
  #failures = 0;
  #trouble: ClusterProblem | null = null;

  constructor(options: ReflectorOptions) {
    this.#options = options;
  }

  /** Whether there was a list once: before that nothing is known. */
  get isListed(): boolean {
    return this.#isListed;
  }

  /** Resolves with the first list. */
  get listed(): Promise<void> {
    return this.#listed.promise;
  }

  /** Resolves when everything was seen once: what is not known is not nothing. Rejects with what is in the way. */
  async known(): Promise<void> {
    if (this.#isListed) return;
    const { promise, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(() => resolve("late"), listedWithinMs);
    const first = await Promise.race([this.#listed.promise, promise]);
    clearTimeout(timer);
    if (first !== "late") return;
    throw this.#trouble ? asFailure(this.#trouble) : new RuntimeFailure("unavailable", "The cluster does not answer");
  }

  get(name: string, namespace: string): ClusterObject | undefined {
    return this.#objects.get(keyOf({ name, namespace }));
  }

  all(): Iterable<ClusterObject> {
    return this.#objects.values();
  }

  /** Puts down what somebody was told of an object by a call of his own, which a watch may tell later. */
  note(name: string, object: ClusterObject | null, namespace: string): void {
    const known = this.#objects.get(keyOf({ name, namespace }));
    if (object === null ? known === undefined : isOlder(object, known)) return;
    this.#put({ name, namespace }, object);
  }

  start(): void {
    void this.#follow();
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (this.#options.isFleeting) this.#version ??= "";
        if (this.#version === null) await this.#list();
        await this.#watch();
      } catch (error) {
        if (signal.aborted) return;
        await this.#recover(error instanceof ClusterProblem ? error : noAnswer(error));
      }
    }
  }

  async #list(): Promise<void> {
    const { calls, kind, selector } = this.#options;
    const { objects, version } = await calls.list(kind, selector, this.#stopping.signal);
    const keys = new Set(objects.map(({ metadata }) => keyOf(metadata)));
    for (const [key, { metadata }] of [...this.#objects]) if (!keys.has(key)) this.#put(metadata, null);
    for (const object of objects) {
      const { metadata } = object;
      const known = this.#objects.get(keyOf(metadata));
      if (known?.metadata.resourceVersion !== metadata.resourceVersion) this.#put(metadata, object);
    }
    this.#version = version;
    this.#isListed = true;
    this.#listed.resolve();
    this.#well();
  }

  async #watch(): Promise<void> {
    const { calls, kind, selector } = this.#options;
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), silentAfterMs);
    try {
      const signal = AbortSignal.any([this.#stopping.signal, silence.signal]);
      const query = { ...selector, version: this.#version ?? "", seconds: watchSeconds };
      const stream = await calls.watch(kind, query, signal);
      this.#well();
      for await (const line of jsonLines(stream)) this.#take(line);
    } finally {
      clearTimeout(timer);
    }
  }

  #take(line: unknown): void {
    const { success, data: event } = eventSchema.safeParse(line);
    if (!success) throw new ClusterProblem("expired", "The watch told something that cannot be read");
    const { type, object } = event;
    if (type === "ERROR") {
      const kind = object.code === 410 ? "expired" : "unavailable";
      throw new ClusterProblem(kind, "The watch was ended", { status: object.code ?? 0 });
    }
    this.#version = object.metadata?.resourceVersion ?? this.#version;
    if (type === "BOOKMARK") return;
    const found = objectSchema.safeParse(object);
    if (found.success) this.#put(found.data.metadata, type === "DELETED" ? null : found.data);
  }

  #put(place: Place, object: ClusterObject | null): void {
    if (object === null) this.#objects.delete(keyOf(place));
    else if (this.#options.isFleeting !== true) this.#objects.set(keyOf(place), object);
    this.#options.onChange(place.name, object, place.namespace ?? "");
  }

  async #recover(problem: ClusterProblem): Promise<void> {
    if (problem.kind === "expired") this.#version = null;
    else this.#tell(problem);
    this.#failures += 1;
    const most = Math.min(maxRetryMs, firstRetryMs * 2 ** this.#failures);
    await delay(Math.random() * most, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }

  #well(): void {
    this.#failures = 0;
    if (this.#trouble !== null) this.#tell(null);
  }

  #tell(problem: ClusterProblem | null): void {
    this.#trouble = problem;
    this.#options.onTrouble(problem);
  }
}

/** Says in the log what is wrong with a watch, and when it is well again. */
export function troubleLog(
  kind: Kind,
  log: (level: LogLevel, msg: string, detail: LogDetail) => void,
): ReflectorOptions["onTrouble"] {
  return (problem) => {
    if (problem === null) log("info", "watch of the cluster", { kind, state: "well again" });
    else log("warn", "watch of the cluster", { kind, state: problem.kind, error: problem.message });
  };
}

interface Place {
  name: string;
  namespace?: string | undefined;
}

/** No name holds a slash. */
function keyOf({ name, namespace = "" }: Place): string {
  return `${namespace}/${name}`;
}

/** Versions are numbers in practice; where they are not, nothing is older. */
function isOlder(one: ClusterObject, other: ClusterObject | undefined): boolean {
  const [a, b] = [one, other].map((object) => Number(object?.metadata.resourceVersion));
  return one.metadata.uid === other?.metadata.uid && a !== undefined && b !== undefined && a <= b;
}
