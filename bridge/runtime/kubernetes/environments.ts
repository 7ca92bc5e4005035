/**
 * The environments that are known in the cluster, by its watches. One counts in one namespace only: another of its id elsewhere is
 * not taken up. It is known for as long as there is anything of it, or a step is being taken.
 */
import type { LogDetail, LogLevel } from "../../../durable-objects/protocol/log-line.ts";
import type { Calls } from "./client/calls.ts";
import { PodEnvironment } from "./environment.ts";
import { readInitFiles } from "./init/files.ts";
import type { InitFiles } from "./manifests/init-config.ts";
import { environmentSelector, selectorText } from "./manifests/names.ts";
import type { ManifestSettings } from "./manifests/settings.ts";
import { Observation } from "./observe/observation.ts";
import { Steps } from "./steps.ts";
import { Waiting } from "./waiting.ts";

/** How long a new bridge may take to find out what runs, before it reports. */
const settledWithinMs = 15_000;

export interface EnvironmentsOptions {
  /** Of the namespace that is watched, or of all. */
  calls: Calls;
  settings: ManifestSettings;
  onChange: (environmentId: string) => void;
  log: (level: LogLevel, msg: string, detail: LogDetail) => void;
}

export class PodEnvironments {
  readonly #options: EnvironmentsOptions;
  readonly #initFiles: InitFiles = readInitFiles();
  readonly #observation: Observation;
  readonly #environments = new Map<string, PodEnvironment>();
  readonly #waiting = new Waiting();
  #firstLook: Promise<unknown> | null = null;

  constructor(options: EnvironmentsOptions) {
    const { calls, settings, log } = options;
    this.#options = options;
    this.#observation = new Observation({
      calls,
      labelSelector: selectorText(environmentSelector(settings)),
      settings,
      environmentOf: (id, namespace) => this.#placedIn(namespace, id),
      onStall: (id, namespace, stall) => {
        const environment = this.get(id);
        if (environment?.namespace === namespace) environment.setStall(stall);
      },
      log,
    });
  }

  start(): void {
    this.#observation.start();
  }

  stop(): void {
    this.#observation.stop();
  }

  /** Whether everything was seen once. */
  get isListed(): boolean {
    return this.#observation.isListed;
  }

  /** Resolves when everything was seen once; rejects with `unavailable` where that takes too long. */
  async listed(): Promise<void> {
    await this.#observation.listed();
  }

  /** Resolves when it is known of everything that ran at the beginning, how it is, or that takes too long. */
  async settled(): Promise<void> {
    const isSettled = () => this.all().every((environment) => environment.isSettled);
    this.#firstLook ??= this.#waiting.until(isSettled, settledWithinMs, new AbortController().signal);
    await this.#firstLook;
  }

  all(): PodEnvironment[] {
    return [...this.#environments.values()];
  }

  get(id: string): PodEnvironment | undefined {
    return this.#environments.get(id);
  }

  /** The environment, wherever it is known to be; a new one, of which there is nothing yet, in this namespace. */
  openedIn(namespace: string, id: string): PodEnvironment {
    const found = this.get(id);
    if (found !== undefined) return found;
    const { calls, settings, log } = this.#options;
    const inNamespace = calls.in(namespace);
    const environment: PodEnvironment = new PodEnvironment(id, {
      calls: inNamespace,
      namespace,
      steps: new Steps(inNamespace, { ...settings, namespace }, this.#initFiles),
      onChange: () => this.#changed(environment),
      onProblem: (error) => log("warn", "environment in trouble", { environment_id: id, error: String(error) }),
      note: (kind, name, object) => this.#observation.note(kind, name, object, namespace),
    });
    this.#environments.set(id, environment);
    return environment;
  }

  /** The environment, unless it is known to be in another namespace. */
  #placedIn(namespace: string, id: string): PodEnvironment | null {
    const environment = this.openedIn(namespace, id);
    if (environment.namespace === namespace) return environment;
    this.#options.log("warn", "an environment is in two namespaces", {
      environment_id: id,
      namespace: environment.namespace,
      ignored: namespace,
    });
    return null;
  }

  #changed(environment: PodEnvironment): void {
    if (environment.isOver) this.#environments.delete(environment.id);
    this.#waiting.changed();
    this.#options.onChange(environment.id);
  }
}
