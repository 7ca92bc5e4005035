/**
 * Notices what other processes did with the environments of a data directory, by the times of the files that they leave there. It
 * is silent about what cannot be read: whoever asks for that is told.
 */
import { readdirSync, statSync } from "node:fs";
import { environmentPlaces, type Places } from "./places.ts";

const glanceEveryMs = 1_000;

export class Glances {
  readonly #places: Places;
  readonly #onChange: (environmentId: string) => void;
  readonly #timer: NodeJS.Timeout;
  /** What each environment's files said at the last glance. */
  #seen = new Map<string, string>();

  constructor(places: Places, onChange: (environmentId: string) => void) {
    this.#places = places;
    this.#onChange = onChange;
    this.#timer = setInterval(() => this.#glance(), glanceEveryMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #glance(): void {
    const listed = namesIn(this.#places.environmentsDir);
    if (listed === null) return;
    const seen = new Map(listed.map((name) => [name, this.#timesOf(name)]));
    const names = new Set([...seen.keys(), ...this.#seen.keys()]);
    for (const name of names) if (seen.get(name) !== this.#seen.get(name)) this.#onChange(name);
    this.#seen = seen;
  }

  #timesOf(name: string): string {
    const { record, installation, notice } = environmentPlaces(this.#places, name);
    return [record, installation, notice].map(changedAt).join();
  }
}

function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Null where the directory cannot be read, as when it was removed. */
function namesIn(directory: string): string[] | null {
  try {
    return readdirSync(directory);
  } catch {
    return null; // nothing can be said of what is in it
  }
}
