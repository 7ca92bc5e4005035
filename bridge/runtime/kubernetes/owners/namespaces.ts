/**
 * The namespaces of people, each for the environments of one: there before the first environment, as its owner's plan has it,
 * and gone after the last. Work on one namespace is done one after another; what is not ours is not touched.
 */
import type { DesiredEnvironment, Owner, Resources } from "../../../../durable-objects/protocol/bridge-api.ts";
import type { LogDetail, LogLevel } from "../../../../durable-objects/protocol/log-line.ts";
import { inParallel } from "../../in-parallel.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { NamedTurns } from "../../turns.ts";
import type { Calls } from "../client/calls.ts";
import type { ClusterObject } from "../client/objects.ts";
import { failing } from "../failures.ts";
import { annotations, selectorText } from "../manifests/names.ts";
import { isOwnersNamespace, namespaceOf, ownersSelector } from "../manifests/namespace.ts";
import type { ManifestSettings } from "../manifests/settings.ts";
import { isAdoptable } from "../observe/ownership.ts";
import { Reflector, troubleLog } from "../observe/reflector.ts";
import { Holds } from "./holds.ts";
import { clear, layOut } from "./laying-out.ts";
import { type Layout, Layouts, takingsOf } from "./layout.ts";

const retryAfterMs = 30_000;
const tendWithinMs = 60_000;
const tendedAtOnce = 8;

/** An environment that is known, wherever. */
export interface Placed {
  readonly id: string;
  readonly namespace: string;
  readonly isThere: boolean;
  readonly takes: Resources | null;
}

/** What is to be done with a namespace. */
interface Due {
  name: string;
  step: (signal: AbortSignal) => Promise<void>;
}

export interface OwnersOptions {
  /** Of all namespaces. */
  calls: Calls;
  settings: ManifestSettings;
  there: () => Iterable<Placed>;
  log: (level: LogLevel, msg: string, detail: LogDetail) => void;
}

export class OwnersNamespaces {
  readonly #options: OwnersOptions;
  readonly #reflector: Reflector;
  readonly #layouts: Layouts;
  readonly #turns = new NamedTurns();
  /** Namespaces in which environments are being made: those stay. */
  readonly #holds = new Holds();
  readonly #notBefore = new Map<string, number>();
  /** What was said of each last: it is said once, however often it is tried. */
  readonly #told = new Map<string, string>();
  #isTending = false;
  /** What is wanted in each namespace, by the newest whole list. */
  #wanted: ReadonlyMap<string, readonly DesiredEnvironment[]> = new Map();

  constructor(options: OwnersOptions) {
    this.#options = options;
    this.#layouts = new Layouts(options.settings);
    this.#reflector = new Reflector({
      calls: options.calls,
      kind: "namespaces",
      selector: { labelSelector: selectorText(ownersSelector(options.settings)) },
      onChange: () => {},
      onTrouble: troubleLog("namespaces", options.log),
    });
  }

  start(): void {
    this.#reflector.start();
  }

  stop(): void {
    this.#reflector.stop();
  }

  /**
   * Does the work in the namespace of the environment's owner, which is there then and stays meanwhile. `current` is where the
   * environment is already: it stays there, also if that is the one from before people had their own.
   */
  async within(
    desired: DesiredEnvironment,
    current: string | null,
    work: (namespace: string) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const namespace = placeOf(desired, current, this.#options.settings);
    const { owner } = desired;
    if (owner === undefined || namespace === this.#options.settings.namespace) return await work(namespace);
    await this.#holds.during(namespace, async () => {
      try {
        await this.#turns.take(namespace, () => this.#layOut(owner, [desired], signal));
        this.#told.delete(namespace);
      } catch (error) {
        this.#tell(namespace, error);
        throw error;
      }
      await work(namespace);
    });
  }

  /**
   * By the whole list: namespaces are laid out anew where a plan has changed, and removed where nobody wants them. A new
   * version of the bridge may do so with all: only some at a time; what comes to be due meanwhile is for a later call.
   */
  tend(desired: readonly DesiredEnvironment[], signal: AbortSignal): void {
    const { settings } = this.#options;
    const wanted = desired.filter((each) => each.desired !== "deleted" && each.owner !== undefined);
    this.#wanted = Map.groupBy(wanted, ({ owner }) => namespaceOf(owner?.id ?? "", settings));
    if (!this.#isTending) void this.#work(this.#due(), signal);
  }

  async #work(due: readonly Due[], signal: AbortSignal): Promise<void> {
    this.#isTending = true;
    await inParallel(due, tendedAtOnce, ({ name, step }) => this.#try(name, step, signal));
    this.#isTending = false;
  }

  #due(): Due[] {
    const placed = Map.groupBy(this.#options.there(), ({ namespace }) => namespace);
    return [...this.#reflector.all()].flatMap((object) => {
      const { name } = object.metadata;
      if (!this.#isOurs(object) || object.metadata.deletionTimestamp) return [];
      if (this.#turns.isBusy(name) || this.#holds.isHeld(name)) return [];
      if (performance.now() < (this.#notBefore.get(name) ?? 0)) return [];
      const step = this.#stepFor(object, placed.get(name) ?? []);
      return step === null ? [] : [{ name, step }];
    });
  }

  #stepFor(object: ClusterObject, inIt: readonly Placed[]): Due["step"] | null {
    const { name } = object.metadata;
    const owner = this.#wanted.get(name)?.[0]?.owner;
    if (owner === undefined) return inIt.some(({ isThere }) => isThere) ? null : (signal) => this.#remove(name, signal);
    const isAsApplied = object.metadata.annotations?.[annotations.applied] === this.#layout(owner, [], inIt).hash;
    return isAsApplied ? null : (signal) => this.#layOut(owner, [], signal);
  }

  async #try(name: string, step: Due["step"], signal: AbortSignal): Promise<void> {
    try {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(tendWithinMs)]);
      await this.#turns.take(name, () => failing(() => step(deadline)));
      this.#notBefore.delete(name);
      this.#told.delete(name);
    } catch (error) {
      this.#notBefore.set(name, performance.now() + retryAfterMs);
      // Broken off with the lease: nothing is wrong with it.
      if (!signal.aborted) this.#tell(name, error);
    }
  }

  /** People are told a part of it; all of it is for whoever runs the cluster. */
  #tell(name: string, error: unknown): void {
    const why = String(error instanceof Error && error.cause !== undefined ? error.cause : error);
    if (this.#told.get(name) === why) return;
    this.#told.set(name, why);
    this.#options.log("warn", "a person's namespace in trouble", { namespace: name, error: why });
  }

  async #layOut(owner: Owner, more: readonly DesiredEnvironment[], signal: AbortSignal): Promise<void> {
    const { calls, settings } = this.#options;
    const layout = this.#layout(owner, more, this.#placedIn(namespaceOf(owner.id, settings)));
    const object = await layOut(calls, { owner, layout, settings }, signal);
    this.#reflector.note(object.metadata.name, object, "");
  }

  async #remove(name: string, signal: AbortSignal): Promise<void> {
    if (this.#holds.isHeld(name) || this.#placedIn(name).some(({ isThere }) => isThere)) return;
    const { calls, settings, log } = this.#options;
    await clear(calls, name, settings.clusterId, signal);
    this.#layouts.forget(name);
    log("info", "a person's namespace removed", { namespace: name });
  }

  #layout(owner: Owner, more: readonly DesiredEnvironment[], inIt: readonly Placed[]): Layout {
    const { settings } = this.#options;
    const wanted = this.#wanted.get(namespaceOf(owner.id, settings)) ?? [];
    const there = inIt.map(({ id, takes }) => [id, takes] as const);
    return this.#layouts.of(owner, takingsOf(there, [...wanted, ...more]));
  }

  #placedIn(name: string): Placed[] {
    return [...this.#options.there()].filter(({ namespace }) => namespace === name);
  }

  #isOurs(object: ClusterObject): boolean {
    const { settings } = this.#options;
    return isOwnersNamespace(object.metadata.name, settings) && isAdoptable(object, settings.clusterId);
  }
}

/** Throws `refused` where nobody says whose it is, or it lies where it does not belong. */
function placeOf({ owner }: DesiredEnvironment, current: string | null, settings: ManifestSettings): string {
  if (owner === undefined && current === null) {
    throw new RuntimeFailure(
      "refused",
      "The server does not say whose environment this is, and this cluster keeps everybody's in a namespace of their own: the server is older than its bridge",
    );
  }
  if (owner === undefined) return current ?? settings.namespace;
  const own = namespaceOf(owner.id, settings);
  if (current === null || current === own || current === settings.namespace) return current ?? own;
  throw new RuntimeFailure("refused", `Its files are in the namespace ${current}, which is not its owner's`);
}
