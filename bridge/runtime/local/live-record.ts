/**
 * An environment's record as this process sees it. Several processes may have one data directory, of which one at a time takes
 * steps: the record is what is on disk, but for as long as a step of this process is under way, which makes of it what it will.
 */
import { isSameProcess } from "./processes.ts";
import { type EnvironmentRecord, readRecord, writeRecord } from "./record.ts";

export class LiveRecord {
  readonly #path: string;
  readonly #onChange: () => void;
  #record: EnvironmentRecord;
  /** How many steps of this process are under way. */
  #steps = 0;

  constructor(path: string, record: EnvironmentRecord, onChange: () => void) {
    this.#path = path;
    this.#record = record;
    this.#onChange = onChange;
  }

  /** As it was seen last. */
  get current(): EnvironmentRecord {
    return this.#record;
  }

  /** As it is now, whoever wrote it. */
  read(): EnvironmentRecord {
    if (this.#steps === 0) this.#record = readRecord(this.#path) ?? this.#record;
    return this.#record;
  }

  async save(change: Partial<EnvironmentRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    await writeRecord(this.#path, this.#record);
    this.#onChange();
  }

  /** Takes a step, which begins with the record as it is now and is alone to change it. */
  async during(step: () => Promise<void>): Promise<void> {
    this.read();
    this.#steps += 1;
    try {
      await step();
    } finally {
      this.#steps -= 1;
    }
  }
}

/** Whether the tmux server that was recorded still runs. */
export async function isServerUp({ state, server }: EnvironmentRecord): Promise<boolean> {
  return state === "up" && server !== null && (await isSameProcess(server));
}
