/** Bodies as they come: of a length that was said before, and in pieces that are worth a step each. */
import type { Bytes } from "./files.ts";
import { RuntimeFailure } from "./runtime.ts";

/** The body, which throws where it is not exactly so long. */
export async function* exactly(body: Bytes, length: number): Bytes {
  let seen = 0;
  for await (const chunk of body) {
    seen += chunk.byteLength;
    if (seen > length) throw new RuntimeFailure("unavailable", "More came than was said");
    yield chunk;
  }
  if (seen < length) throw new RuntimeFailure("unavailable", "The body was cut");
}

/**
 * The same bytes in blocks of this size, the last one smaller. From the wire they come in pieces of a few KiB, and whoever
 * writes each by itself takes longer for the steps than for the bytes.
 */
export async function* inBlocks(body: Bytes, blockBytes: number): Bytes {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    for (let from = 0; from < chunk.byteLength; ) {
      const piece = chunk.subarray(from, from + blockBytes - bytes);
      pieces.push(piece);
      bytes += piece.byteLength;
      from += piece.byteLength;
      if (bytes < blockBytes) continue;
      yield joined(pieces);
      pieces = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield joined(pieces);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only, ...more] = pieces;
  return only !== undefined && more.length === 0 ? only : Buffer.concat(pieces);
}
