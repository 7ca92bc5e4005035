/** Which bytes of a file a range means (RFC 9110, section 14.1.2). Pure. */
import type { Range } from "../../durable-objects/protocol/transfers.ts";

/** The bytes, cut to what there is; null where there is none of them. No range = all of it. */
export function bytesOf(range: Range | null, size: number): { from: number; length: number } | null {
  if (range === null) return { from: 0, length: size };
  if (range.kind === "last") {
    const length = Math.min(range.count, size);
    return length === 0 ? null : { from: size - length, length };
  }
  if (range.from >= size) return null;
  const to = Math.min(range.to ?? size - 1, size - 1);
  return { from: range.from, length: to - range.from + 1 };
}
