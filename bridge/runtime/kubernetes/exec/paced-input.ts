/** What is typed, in its order and in pieces: the next one when the one before was handed to the network. */
import type { ExecChannel } from "./channel.ts";

const maxPieceBytes = 16_384;
/** More than anybody types or pastes while a connection stands still: then the connection is no use any more. */
const maxWaitingBytes = 8 * 1_048_576;

export class PacedInput {
  readonly #channel: ExecChannel;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isSending = false;

  constructor(channel: ExecChannel) {
    this.#channel = channel;
  }

  push(bytes: Buffer): void {
    for (let start = 0; start < bytes.length; start += maxPieceBytes) {
      this.#waiting.push(bytes.subarray(start, start + maxPieceBytes));
    }
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > maxWaitingBytes) this.#channel.close();
    else if (!this.#isSending) void this.#send();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      await this.#channel.write(next);
      this.#waitingBytes -= next.length;
    }
    this.#isSending = false;
  }
}
