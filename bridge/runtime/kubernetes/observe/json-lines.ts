/** A stream of JSON texts, one a line, as the API server's watches are. */

import { parseJson } from "../../parse-json.ts";
import { ClusterProblem } from "../client/problem.ts";

/** An object of 1.5 MiB is the most etcd keeps; with its events a little more. */
const maxLineBytes = 8 * 1_048_576;
const newline = 10;

/** Each line's value; undefined for a line that is no JSON. Rejects when the stream is cut. */
export async function* jsonLines(stream: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
  for await (const line of lines(stream)) if (line.length > 0) yield parseJson(line.toString());
}

/**
 * The lines of a stream without their ends, cut between bytes and nowhere else; what follows the last one too. A line beyond
 * `maxBytes` throws, or has only its beginning where `isCut`.
 */
export async function* lines(
  stream: AsyncIterable<Buffer>,
  maxBytes = maxLineBytes,
  isCut = false,
): AsyncGenerator<Buffer> {
  const line = new Line(maxBytes, isCut);
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      line.add(chunk.subarray(start, end));
      yield line.take();
      start = end + 1;
    }
    line.add(chunk.subarray(start));
  }
  if (!line.isEmpty) yield line.take();
}

/** What there is of a line so far. */
class Line {
  readonly #maxBytes: number;
  readonly #isCut: boolean;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number, isCut: boolean) {
    this.#maxBytes = maxBytes;
    this.#isCut = isCut;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  add(bytes: Buffer): void {
    const room = this.#maxBytes - this.#bytes;
    if (bytes.length > room && !this.#isCut) {
      throw new ClusterProblem("unavailable", "A line of the API server's is too long");
    }
    this.#parts.push(bytes.subarray(0, room));
    this.#bytes += Math.min(room, bytes.length);
  }

  take(): Buffer {
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    return whole;
  }
}
