/**
 * How long a transfer waits for an environment whose programs do nothing: time in which the person is waited for does not
 * count, that has bounds of its own (client.ts).
 */
import type { Bytes } from "../runtime/files.ts";
import { RuntimeFailure } from "../runtime/runtime.ts";

export class Patience {
  readonly #ms: number;
  readonly #over = Promise.withResolvers<never>();
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#ms = ms;
    this.#over.promise.catch(() => undefined);
  }

  /** The work's result. Rejects with `unavailable` when the environment was waited for too long, and leaves the work to itself. */
  async with<Value>(work: () => Promise<Value>): Promise<Value> {
    this.begin();
    try {
      return await Promise.race([work(), this.#over.promise]);
    } finally {
      this.rest();
    }
  }

  /** The environment is waited for from now on. */
  begin(): void {
    this.rest();
    const failure = new RuntimeFailure("unavailable", "The environment's programs did not go on with it");
    this.#timer = setTimeout(() => this.#over.reject(failure), this.#ms);
  }

  /** The person is, or nobody. */
  rest(): void {
    clearTimeout(this.#timer);
  }

  /** What comes from the environment, which is waited for whenever more is asked for. */
  fromEnvironment(body: Bytes): Bytes {
    return between(
      body,
      () => this.begin(),
      () => this.rest(),
    );
  }

  /** What the environment takes from the person: waited for while it has something, and after the end. */
  toEnvironment(body: Bytes): Bytes {
    return between(
      body,
      () => this.rest(),
      () => this.begin(),
    );
  }
}

/** The same body; says when the next piece is asked for, and when it, or the end, is there. */
async function* between(body: Bytes, onAsked: () => void, onThere: () => void): Bytes {
  onAsked();
  for await (const chunk of body) {
    onThere();
    yield chunk;
    onAsked();
  }
  onThere();
}
