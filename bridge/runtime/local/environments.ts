/**
 * The local environments of a data directory, which several processes may have: one is there as soon as its record is, whoever wrote
 * that, and gone with its directory. Each is one object of this process for as long as it is there.
 */
import { readdirSync } from "node:fs";
import { environmentIdSchema } from "../../../durable-objects/protocol/vocabulary.ts";
import { LocalEnvironment } from "./environment.ts";
import { environmentPlaces, type Places } from "./places.ts";
import { type EnvironmentRecord, readRecord } from "./record.ts";

export interface EnvironmentsOptions {
  places: Places;
  tmuxProgram: string;
  machinePath: string;
  /** Whether a step is being taken: its environment is not forgotten meanwhile. */
  isBusy: (environmentId: string) => boolean;
  onChange: (environmentId: string) => void;
}

export class LocalEnvironments {
  readonly #options: EnvironmentsOptions;
  readonly #environments = new Map<string, LocalEnvironment>();

  constructor(options: EnvironmentsOptions) {
    this.#options = options;
  }

  /** All that are there now. */
  all(): LocalEnvironment[] {
    const names = new Set(readdirSync(this.#options.places.environmentsDir));
    for (const name of names) this.find(name);
    for (const name of this.#environments.keys()) {
      if (!names.has(name) && !this.#options.isBusy(name)) this.#environments.delete(name);
    }
    return this.opened();
  }

  /** Those that this process has met, also if they have gone since. */
  opened(): LocalEnvironment[] {
    return [...this.#environments.values()];
  }

  find(id: string): LocalEnvironment | undefined {
    const known = this.#environments.get(id);
    if (known !== undefined) return known;
    const record = environmentIdSchema.safeParse(id).success ? readRecord(this.#placesOf(id).record) : null;
    return record?.id === id ? this.#open(record) : undefined;
  }

  /** The environment of this id, or a new one, of which nothing is on disk yet. */
  findOrOpen({ id, generation, resources }: Pick<EnvironmentRecord, "id" | "generation" | "resources">) {
    const fresh = { state: "starting", server: null, installer: null, startedAt: null } as const;
    return (
      this.find(id) ??
      this.#open({ id, generation, resources, ...fresh, begunGeneration: null, hasStartupCommands: false })
    );
  }

  forget(id: string): void {
    this.#environments.delete(id);
  }

  #open(record: EnvironmentRecord): LocalEnvironment {
    const { tmuxProgram, machinePath } = this.#options;
    const onChange = () => this.#options.onChange(record.id);
    const opened = new LocalEnvironment(this.#placesOf(record.id), record, { tmuxProgram, machinePath, onChange });
    this.#environments.set(record.id, opened);
    return opened;
  }

  #placesOf(id: string) {
    return environmentPlaces(this.#options.places, id);
  }
}
