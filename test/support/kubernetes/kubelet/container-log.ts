/** What one run of a container has printed: lines with the time they came, read by whoever asks and followed by some. */

export interface LogRecord {
  /** Nanoseconds since the epoch; grows strictly. */
  at: bigint;
  text: string;
}

export class ContainerLog {
  #records: LogRecord[] = [];
  #rest = "";
  #decoder = new TextDecoder("utf-8");
  #last = 0n;
  #isOver = false;
  readonly #listeners = new Set<() => void>();

  get records(): readonly LogRecord[] {
    return this.#records;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  write(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const text of lines) this.#add(text);
    if (lines.length > 0) this.#tell();
  }

  /** The container has ended; a last line without its end is one too. */
  end(): void {
    if (this.#rest !== "") this.#add(this.#rest);
    this.#isOver = true;
    this.#tell();
  }

  /** The node keeps only the newest lines, as when it rotates the file. */
  rotate(keep: number): void {
    this.#records = keep === 0 ? [] : this.#records.slice(-keep);
  }

  /** The end of it, as a container's status tells it: 80 lines or 2 KiB at most. */
  tail(): string {
    const text = this.#records
      .slice(-80)
      .map((record) => `${record.text}\n`)
      .join("");
    return Buffer.from(text).subarray(-2048).toString();
  }

  /** Calls back whenever there is more, or the end. */
  onMore(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #add(text: string): void {
    const now = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
    this.#last = now > this.#last ? now : this.#last + 1n;
    this.#records.push({ at: this.#last, text });
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** RFC3339Nano: nine digits at most, no zeros at the end. */
export function nanoTimestamp(at: bigint): string {
  const seconds = new Date(Number(at / 1_000_000n)).toISOString().slice(0, 19);
  const fraction = String(at % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return `${seconds}${fraction === "" ? "" : `.${fraction}`}Z`;
}
