/** The watches over everything of ours in the cluster, and to which environment each object belongs. */
import type { LogDetail, LogLevel } from "../../../../durable-objects/protocol/log-line.ts";
import type { Calls } from "../client/calls.ts";
import type { ClusterObject } from "../client/objects.ts";
import { environmentIdOf } from "../manifests/names.ts";
import { mayHoldEnvironments } from "../manifests/namespace.ts";
import type { ManifestSettings } from "../manifests/settings.ts";
import { ownedEnvironment } from "./ownership.ts";
import { Reflector, troubleLog } from "./reflector.ts";
import { type Stall, stallOf } from "./stalls.ts";

type Watched = "pods" | "persistentvolumeclaims";

export interface ObservationOptions {
  /** Of the namespace that is watched, or of all. */
  calls: Calls;
  labelSelector: string;
  settings: ManifestSettings;
  /** Null where there is one of this id in another namespace: that one counts. */
  environmentOf: (
    id: string,
    namespace: string,
  ) => {
    setPod(object: ClusterObject | null): void;
    setClaim(object: ClusterObject | null): void;
  } | null;
  /** One of our names; whether there is such an environment is the other side's to know. */
  onStall: (id: string, namespace: string, stall: Stall) => void;
  log: (level: LogLevel, msg: string, detail: LogDetail) => void;
}

export class Observation {
  readonly #options: ObservationOptions;
  readonly #reflectors: Record<Watched, Reflector>;
  readonly #events: Reflector;
  /** Namespaces and names of objects that were taken for ours: also their end is told. */
  readonly #owned: Record<Watched, Set<string>> = { pods: new Set(), persistentvolumeclaims: new Set() };

  constructor(options: ObservationOptions) {
    this.#options = options;
    this.#reflectors = { pods: this.#reflect("pods"), persistentvolumeclaims: this.#reflect("persistentvolumeclaims") };
    this.#events = new Reflector({
      ...this.#common("events"),
      selector: { fieldSelector: "type=Warning" },
      isFleeting: true,
      onChange: (_name, object, namespace) => this.#told(object, namespace),
    });
  }

  /** Events are of use once it is known what they are about; nothing waits for them. */
  start(): void {
    const reflectors = Object.values(this.#reflectors);
    for (const reflector of reflectors) reflector.start();
    void Promise.all(reflectors.map(({ listed }) => listed)).then(() => this.#events.start());
  }

  stop(): void {
    for (const reflector of [...Object.values(this.#reflectors), this.#events]) reflector.stop();
  }

  get isListed(): boolean {
    return Object.values(this.#reflectors).every((reflector) => reflector.isListed);
  }

  /** Resolves when everything was seen once; what is not known is not nothing. */
  async listed(): Promise<void> {
    await Promise.all(Object.values(this.#reflectors).map((reflector) => reflector.known()));
  }

  note(kind: Watched, name: string, object: ClusterObject | null, namespace: string): void {
    this.#reflectors[kind].note(name, object, namespace);
  }

  #reflect(kind: Watched): Reflector {
    const selector = { labelSelector: this.#options.labelSelector };
    const onChange = (name: string, object: ClusterObject | null, namespace: string) =>
      this.#changed(kind, { name, namespace }, object);
    return new Reflector({ ...this.#common(kind), selector, onChange });
  }

  #common(kind: Watched | "events") {
    const { calls, log } = this.#options;
    return { calls, kind, onTrouble: troubleLog(kind, log) };
  }

  #told(object: ClusterObject | null, namespace: string): void {
    if (!mayHoldEnvironments(namespace, this.#options.settings)) return;
    const stall = object && stallOf(object);
    const id = stall && environmentIdOf(stall.name);
    if (stall !== null && id !== null) this.#options.onStall(id, namespace, stall);
  }

  #changed(
    kind: Watched,
    { name, namespace }: { name: string; namespace: string },
    object: ClusterObject | null,
  ): void {
    const { settings } = this.#options;
    if (!mayHoldEnvironments(namespace, settings)) return;
    const id = object === null ? environmentIdOf(name) : ownedEnvironment(object, settings.clusterId);
    const owned = this.#owned[kind];
    const key = `${namespace}/${name}`;
    const wasOurs = owned.has(key);
    if (id !== null && object !== null) owned.add(key);
    else owned.delete(key);
    const known = id ?? (wasOurs ? environmentIdOf(name) : null);
    if (known === null || (object === null && !wasOurs)) return;
    const environment = this.#options.environmentOf(known, namespace);
    const seen = id === null ? null : object;
    if (kind === "pods") environment?.setPod(seen);
    else environment?.setClaim(seen);
  }
}
