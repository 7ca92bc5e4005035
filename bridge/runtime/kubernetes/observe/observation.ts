/** The watches over everything of ours in the cluster, and to which environment each object belongs. */
import type { LogDetail, LogLevel } from "../../../../durable-objects/protocol/log-line.ts";
import { RuntimeFailure } from "../../runtime.ts";
import type { Calls, ClusterObject } from "../client/calls.ts";
import type { ClusterProblem } from "../client/problem.ts";
import { asFailure } from "../failures.ts";
import { environmentIdOf } from "../manifests/names.ts";
import { ownedEnvironment } from "./ownership.ts";
import { Reflector } from "./reflector.ts";

type Watched = "pods" | "persistentvolumeclaims";

/** How long somebody waits for the first list before he is told that there is none. */
const listedWithinMs = 10_000;

export interface ObservationOptions {
  calls: Calls;
  labelSelector: string;
  clusterId: string;
  environmentOf: (id: string) => {
    setPod(object: ClusterObject | null): void;
    setClaim(object: ClusterObject | null): void;
  };
  log: (level: LogLevel, msg: string, detail: LogDetail) => void;
}

export class Observation {
  readonly #options: ObservationOptions;
  readonly #reflectors: Record<Watched, Reflector>;
  /** Names of objects that were taken for ours: also their end is told. */
  readonly #owned: Record<Watched, Set<string>> = { pods: new Set(), persistentvolumeclaims: new Set() };

  constructor(options: ObservationOptions) {
    this.#options = options;
    this.#reflectors = { pods: this.#reflect("pods"), persistentvolumeclaims: this.#reflect("persistentvolumeclaims") };
  }

  start(): void {
    for (const reflector of Object.values(this.#reflectors)) reflector.start();
  }

  stop(): void {
    for (const reflector of Object.values(this.#reflectors)) reflector.stop();
  }

  /** Resolves when everything was seen once; what is not known is not nothing. */
  async listed(): Promise<void> {
    const reflectors = Object.values(this.#reflectors);
    if (reflectors.every(({ isListed }) => isListed)) return;
    const { promise, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(() => resolve("late"), listedWithinMs);
    const first = await Promise.race([Promise.all(reflectors.map(({ listed }) => listed)), promise]);
    clearTimeout(timer);
    if (first !== "late") return;
    const trouble = reflectors.find((reflector) => reflector.trouble !== null)?.trouble;
    throw trouble ? asFailure(trouble) : new RuntimeFailure("unavailable", "The cluster does not answer");
  }

  note(kind: Watched, name: string, object: ClusterObject | null): void {
    this.#reflectors[kind].note(name, object);
  }

  #reflect(kind: Watched): Reflector {
    const { calls, labelSelector, log } = this.#options;
    return new Reflector({
      calls,
      kind,
      labelSelector,
      onChange: (name, object) => this.#changed(kind, name, object),
      onTrouble: (problem) =>
        log(problem === null ? "info" : "warn", "watch of the cluster", troubleDetail(kind, problem)),
    });
  }

  #changed(kind: Watched, name: string, object: ClusterObject | null): void {
    const id = object === null ? environmentIdOf(name) : ownedEnvironment(object, this.#options.clusterId);
    const owned = this.#owned[kind];
    const wasOurs = owned.has(name);
    if (id !== null && object !== null) owned.add(name);
    else owned.delete(name);
    const known = id ?? (wasOurs ? environmentIdOf(name) : null);
    if (known === null || (object === null && !wasOurs)) return;
    const environment = this.#options.environmentOf(known);
    const seen = id === null ? null : object;
    if (kind === "pods") environment.setPod(seen);
    else environment.setClaim(seen);
  }
}

function troubleDetail(kind: Watched, problem: ClusterProblem | null): LogDetail {
  return problem === null ? { kind, state: "well again" } : { kind, state: problem.kind, error: problem.message };
}
