/** What tmux's clients have printed, by offset: the stream that viewers are to see. */
import { SequenceFilter } from "../../../bridge/relay/sequences.ts";
import type { TerminalStream } from "../../../bridge/runtime/runtime.ts";

export class Truth {
  #bytes = Buffer.alloc(1 << 20);
  #length = 0;

  /** Listens in on one client; the next one's bytes follow. */
  readonly listenTo = (stream: TerminalStream): void => {
    const filter = new SequenceFilter();
    const onData = stream.onData.bind(stream);
    stream.onData = (listener) =>
      onData((raw) => {
        this.#push(filter.push(raw));
        listener(raw);
      });
  };

  get length(): number {
    return this.#length;
  }

  slice(from: number, until: number): Uint8Array {
    return this.#bytes.subarray(from, Math.min(until, this.#length));
  }

  #push(bytes: Uint8Array): void {
    while (this.#length + bytes.length > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)]);
    }
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }
}
