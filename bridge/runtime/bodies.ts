/** Bodies whose length was said before they came. */
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
