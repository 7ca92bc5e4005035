/** What goes wrong on demand: requests that match are answered with an error, cut, frozen or delayed. */
import type { Fields } from "../api/objects.ts";
import type { LoggedRequest } from "./request-log.ts";

export type Mishap =
  /** `body` goes out as it is when it is a text: unparsable, say. */
  | { kind: "status"; code: number; body?: string | Fields }
  /** The connection breaks without an answer. */
  | { kind: "cut" }
  /** No answer ever; the connection stays. */
  | { kind: "freeze" }
  /** Goes on after `until`. */
  | { kind: "delay"; until: Promise<unknown> };

export interface Fault {
  /** Every field given must be equal; a function decides by itself. */
  on: Partial<LoggedRequest> | ((request: LoggedRequest) => boolean);
  mishap: Mishap;
  /** How often it happens; for ever when left out. */
  times?: number;
}

export class Faults {
  #faults: Fault[] = [];

  /** Returns how to end it. */
  add(fault: Fault): () => void {
    const added = { ...fault };
    this.#faults.push(added);
    return () => {
      this.#faults = this.#faults.filter((each) => each !== added);
    };
  }

  clear(): void {
    this.#faults = [];
  }

  /** The mishap this request meets, if any; counts it. */
  meet(request: LoggedRequest): Mishap | null {
    const fault = this.#faults.find((each) => (each.times ?? 1) > 0 && isMatch(each, request));
    if (fault === undefined) return null;
    if (fault.times !== undefined) fault.times -= 1;
    return fault.mishap;
  }
}

function isMatch({ on }: Fault, request: LoggedRequest): boolean {
  if (typeof on === "function") return on(request);
  return Object.entries(on).every(([field, value]) => request[field as keyof LoggedRequest] === value);
}
